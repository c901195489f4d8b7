import { randomInt } from 'node:crypto';

const RANDOM_DIGITS = 10;

/** Sorts by the time it was made, cannot be guessed, is safe in a file name and in a URL. */
export function newId(): string {
  const time = Date.now().toString(36).padStart(9, '0');
  const digits = Array.from({ length: RANDOM_DIGITS }, () => randomInt(36).toString(36));
  return time + digits.join('');
}

/** Whatever comes in a URL passes here before it becomes part of a path. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-z]{19}$/.test(value);
}

import { formatDuration } from '../../core/units.ts';

/** `3m ago`, `just now`: the largest unit says enough. */
export function ago(time: number, now: number = Date.now()): string {
  return now - time < 1000 ? 'just now' : `${largest(now - time)} ago`;
}

/** A day that has lasted for a minute is still one. */
const JUST_BEGUN_MS = 60_000;

/** `in 23h`, `now` once it has come. */
export function until(time: number, now: number = Date.now()): string {
  const left = time - now;
  return left <= 0 ? 'now' : `in ${largest(left > 3600e3 - JUST_BEGUN_MS ? left + JUST_BEGUN_MS : left)}`;
}

function largest(ms: number): string {
  return (formatDuration(ms).split(' ')[0] ?? '').replace(/\.\d+s$/, 's');
}

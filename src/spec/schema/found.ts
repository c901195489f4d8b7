const LONGEST = 60;

/** A value as an error names it: strings quoted and cut, containers by kind. */
export function found(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  }
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return value instanceof Date ? `the date ${value.toISOString()}` : 'a map';
  return String(value);
}

/** The error of every check: what the key takes, and what is there. */
export function expected(what: string, value: unknown): string {
  return value === undefined ? `is required: ${what}` : `expected ${what}, found ${found(value)}`;
}

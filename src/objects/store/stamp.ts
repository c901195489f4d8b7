/**
 * Versions carry stamps, in the order of their commits: 42 bits of milliseconds and 11 of a
 * counter, which make a safe integer until the year 2109.
 */
export const TICKS_PER_MS = 2048;

/** Milliseconds since the epoch. */
export function wallTime(stamp: number): number {
  return Math.floor(stamp / TICKS_PER_MS);
}

/** The last stamp of that millisecond. */
export function stampAtEndOf(ms: number): number {
  return Math.min((Math.floor(ms) + 1) * TICKS_PER_MS - 1, Number.MAX_SAFE_INTEGER);
}

import { backoff } from '../../core/retry.ts';

/** When a delivery is tried again. */
export interface RetrySchedule {
  readonly initialMs: number;
  readonly maxMs: number;
  /** An attempt that fails this long after the event was queued was the last one. */
  readonly giveUpAfterMs: number;
  /** From 0 to 1; spreads what failed together. */
  readonly random: () => number;
}

const SECOND = 1000;
const HOUR = 3_600_000;

export const RETRY_SCHEDULE: RetrySchedule = {
  initialMs: SECOND,
  maxMs: HOUR,
  giveUpAfterMs: 24 * HOUR,
  random: Math.random,
};

/** A fifth more or less than the plain delay after the attempt (counted from 1). */
export function retryDelay(attempt: number, { initialMs, maxMs, random }: RetrySchedule): number {
  return Math.round(backoff(attempt, { initialMs, maxMs }) * (0.8 + 0.4 * random()));
}

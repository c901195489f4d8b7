import { setTimeout as sleepFor } from 'node:timers/promises';

/** The only source of time for code whose behaviour depends on it; simulations pass a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

/** Of one timer: Node ends longer ones at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, { signal } = {}) => {
    let left = ms;
    do {
      await sleepFor(Math.min(left, MAX_TIMER_MS), undefined, signal ? { signal } : {});
      left -= MAX_TIMER_MS;
    } while (left > 0);
  },
};

import { setTimeout as sleepFor } from 'node:timers/promises';

/** The only source of time for code whose behaviour depends on it; simulations pass a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, { signal } = {}) => {
    await sleepFor(ms, undefined, signal ? { signal } : {});
  },
};

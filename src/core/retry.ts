import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';

export interface BackoffOptions {
  readonly initialMs?: number;
  readonly maxMs?: number;
  readonly factor?: number;
}

/** Delay before attempt `attempt + 1` (attempts count from 1): exponential, capped, without jitter so that it is pure. */
export function backoff(attempt: number, { initialMs = 100, maxMs = 30_000, factor = 2 }: BackoffOptions = {}): number {
  return Math.min(maxMs, initialMs * factor ** (attempt - 1));
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly clock?: Clock;
  readonly signal?: AbortSignal | undefined;
  /** What is awaited, for the error message. */
  readonly what: string;
}

/** Polls until `probe` gives something other than `undefined` or `false`. */
export async function waitUntil<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs, intervalMs = 20, clock = systemClock, signal, what }: WaitOptions,
): Promise<T> {
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (clock.now() >= deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await clock.sleep(intervalMs, { signal });
  }
}

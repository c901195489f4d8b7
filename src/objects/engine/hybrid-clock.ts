import type { Clock } from '../../core/clock.ts';

/** 42 bits of milliseconds and 11 of a counter make a safe integer until the year 2109. */
const TICKS_PER_MS = 2048;

/**
 * Version stamps: a hybrid logical clock (Kulkarni et al., 2014). They only grow,
 * also when the wall clock steps back, and stay close to it.
 */
export class HybridClock {
  readonly #wall: Clock;
  #last = 0;

  constructor(wall: Clock) {
    this.#wall = wall;
  }

  get last(): number {
    return this.#last;
  }

  tick(): number {
    this.#last = Math.max(this.#last + 1, this.#wall.now() * TICKS_PER_MS);
    return this.#last;
  }

  /** Milliseconds since the epoch; as stamps, it does not step back. */
  now(): number {
    return Math.max(wallTime(this.#last), this.#wall.now());
  }

  /** Every later stamp is larger than `stamp`. */
  observe(stamp: number): void {
    this.#last = Math.max(this.#last, stamp);
  }
}

/** Milliseconds since the epoch. */
export function wallTime(stamp: number): number {
  return Math.floor(stamp / TICKS_PER_MS);
}

/** The last stamp of that millisecond. */
export function stampAtEndOf(ms: number): number {
  return Math.min((Math.floor(ms) + 1) * TICKS_PER_MS - 1, Number.MAX_SAFE_INTEGER);
}

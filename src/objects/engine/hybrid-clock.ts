import type { Clock } from '../../core/clock.ts';
import { TICKS_PER_MS, wallTime } from '../store/stamp.ts';

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

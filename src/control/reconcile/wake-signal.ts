import type { Clock } from '../../core/clock.ts';

/** Waits that an event can cut short; an event that comes before the wait counts. */
export class WakeSignal {
  readonly #clock: Clock;
  #woken = false;
  #waiting: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#woken = true;
    this.#waiting?.abort();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#woken) {
      const waiting = new AbortController();
      this.#waiting = waiting;
      try {
        await this.#clock.sleep(ms, { signal: waiting.signal });
      } catch (error) {
        if (!waiting.signal.aborted) throw error;
      }
      this.#waiting = undefined;
    }
    this.#woken = false;
  }
}

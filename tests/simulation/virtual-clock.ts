import type { Clock } from '../../src/core/clock.ts';

interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly fire: () => void;
}

/** Time that moves when the simulation says so; what is due fires one timer at a time, always in the same order. */
export class VirtualClock implements Clock {
  #now = Date.UTC(2030, 0, 1);
  #sequence = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const cancel = () => {
        this.#timers = this.#timers.filter((timer) => timer !== entry);
        reject(signal?.reason);
      };
      const entry = this.#add(this.#now + Math.max(0, ms), () => {
        signal?.removeEventListener('abort', cancel);
        resolve();
      });
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Lets everything happen that is due until then. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await quiet();
    for (let next = this.#timers[0]; next && next.at <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await quiet();
    }
    this.#now = end;
  }

  /** As when the machine slept: the time has passed, nothing happened meanwhile. */
  leap(ms: number): void {
    this.#now += ms;
  }

  #add(at: number, fire: () => void): Timer {
    const timer = { at, sequence: this.#sequence++, fire };
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.at ?? 0) > at) index--;
    this.#timers.splice(index, 0, timer);
    return timer;
  }
}

/** Everything that can go on without time passing has gone on: a macrotask runs after all microtasks. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export type WaitEnd = 'woken' | 'timed-out' | 'left';

export interface Waiting {
  readonly end: Promise<WaitEnd>;
  /** Gives the place up: `end` becomes `left`. */
  leave(): void;
}

/** Requests that wait for a backend, at most `capacity` of them. */
export class WaitingRoom {
  readonly #capacity: number;
  readonly #waiting = new Set<(end: WaitEnd) => void>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Waits for the next `wakeAll`, `ms` at most; `undefined` when the room is full. */
  enter(ms: number): Waiting | undefined {
    if (this.#waiting.size >= this.#capacity) return undefined;
    const { promise, resolve } = Promise.withResolvers<WaitEnd>();
    const finish = (end: WaitEnd) => {
      clearTimeout(timer);
      this.#waiting.delete(finish);
      resolve(end);
    };
    const timer = setTimeout(finish, ms, 'timed-out');
    this.#waiting.add(finish);
    return { end: promise, leave: () => finish('left') };
  }

  /** In the order of arrival. */
  wakeAll(): void {
    for (const finish of [...this.#waiting]) finish('woken');
  }
}

/** Lets so many do their work at a time; the others wait, who came first goes first. */
export class AtMost {
  #waiting: (() => void)[] = [];
  /** Of those that wait: to shift the first of a hundred thousand moves all others. */
  #first = 0;
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Begins at once where it may. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  #next(): void {
    const next = this.#waiting[this.#first++];
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    if (next) next();
    else this.#free++;
  }
}

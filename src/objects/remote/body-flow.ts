/**
 * What may be on its way of one body: the receiver gives back credit for what was
 * taken, so that a slow reader holds up its own body and no other, in bounded memory.
 */
export const WINDOW_BYTES = 512 * 2 ** 10;

/** A body that arrives. Read once, in order. */
export class IncomingBody implements AsyncIterable<Uint8Array> {
  readonly #giveCredit: (bytes: number) => void;
  readonly #waiting: Uint8Array[] = [];
  #taken = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(giveCredit: (bytes: number) => void) {
    this.#giveCredit = giveCredit;
  }

  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#wake?.();
  }

  end(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** The reader gets the error behind the bytes that are there. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes) {
        const { length } = bytes; // the reader may give their memory back
        yield bytes;
        this.#give(length);
      } else if (this.#end) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #give(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < WINDOW_BYTES / 2) return;
    this.#giveCredit(this.#taken);
    this.#taken = 0;
  }
}

/** What the receiver of a body still has room for. */
export class Credit {
  #bytes = WINDOW_BYTES;
  #isOver = false;
  #wake: (() => void) | undefined;

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#wake?.();
  }

  /** Nobody waits for the body any more. */
  cancel(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  /** Resolves when `bytes` may be sent; false when there is no use in it any more. */
  async take(bytes: number): Promise<boolean> {
    while (this.#bytes <= 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#bytes -= bytes;
    return !this.#isOver;
  }
}

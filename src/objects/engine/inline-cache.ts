/** What was read of the journal last, by position: what is there never changes, and no position comes again. */
export class InlineCache {
  readonly #limitBytes: number;
  /** The one used last is last. */
  readonly #entries = new Map<number, Buffer>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(position: number): Buffer | undefined {
    const bytes = this.#entries.get(position);
    if (!bytes) return undefined;
    this.#entries.delete(position);
    this.#entries.set(position, bytes);
    return bytes;
  }

  set(position: number, bytes: Buffer): void {
    this.#bytes += bytes.length - (this.#entries.get(position)?.length ?? 0);
    this.#entries.set(position, bytes);
    for (const [oldest, { length }] of this.#entries) {
      if (this.#bytes <= this.#limitBytes) return;
      this.#entries.delete(oldest);
      this.#bytes -= length;
    }
  }
}

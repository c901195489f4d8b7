import type { ChangeRecord } from './change.ts';

/** The records of a stretch of the journal that the feed tells. */
export interface FeedStretch {
  readonly from: number;
  readonly next: number;
  readonly records: readonly ChangeRecord[];
}

const MAX_BYTES = 4 * 2 ** 20;
/** Of a stretch, and of a record besides its key and head. */
const ENTRY_BYTES = 128;

/** The newest part of the journal in memory, for readers that keep up: they cause no reads. */
export class FeedTail {
  readonly #stretches = new Map<number, FeedStretch>();
  #bytes = 0;

  push(stretch: FeedStretch): void {
    this.#stretches.set(stretch.from, stretch);
    this.#bytes += sizeOf(stretch);
    for (const oldest of this.#stretches.values()) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#stretches.delete(oldest.from);
      this.#bytes -= sizeOf(oldest);
    }
  }

  clear(): void {
    this.#stretches.clear();
    this.#bytes = 0;
  }

  /** The stretch that begins at `position`, if it is here. */
  at(position: number): FeedStretch | undefined {
    return this.#stretches.get(position);
  }
}

function sizeOf({ records }: FeedStretch): number {
  return records.reduce((sum, { key, head }) => sum + ENTRY_BYTES + key.length + head.length, ENTRY_BYTES);
}

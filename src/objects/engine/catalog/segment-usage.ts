import type { Location, Span } from './version.ts';
import { joinSpans } from './version.ts';

export interface SegmentRow {
  /** Bytes of records that say what is. */
  live: number;
  /** Bytes of records that say what is gone; needed while what they removed is somewhere. */
  removals: number;
  /** Over all removals. */
  span: Span | undefined;
}

/** How much of each journal segment is still needed: what compaction decides by. */
export class SegmentUsage {
  readonly #rows: Map<number, SegmentRow>;
  readonly #sequenceOf: (position: number) => number;
  readonly #changed = new Set<number>();

  constructor(rows: Map<number, SegmentRow>, sequenceOf: (position: number) => number) {
    this.#rows = rows;
    this.#sequenceOf = sequenceOf;
  }

  hold({ position, length }: Location): void {
    this.#row(this.#sequenceOf(position)).live += length;
  }

  release({ position, length }: Location): void {
    this.#row(this.#sequenceOf(position)).live -= length;
  }

  holdRemoval({ position, length }: Location, span: Span | undefined): void {
    const row = this.#row(this.#sequenceOf(position));
    row.removals += length;
    row.span = joinSpans(row.span, span);
  }

  row(sequence: number): Readonly<SegmentRow> {
    return this.#rows.get(sequence) ?? { live: 0, removals: 0, span: undefined };
  }

  forget(sequence: number): void {
    this.#rows.delete(sequence);
    this.#changed.add(sequence);
  }

  /** Rows that changed since the last call; `undefined` was forgotten. */
  takeChanged(): readonly (readonly [number, SegmentRow | undefined])[] {
    const changed = [...this.#changed].map((sequence) => [sequence, this.#rows.get(sequence)] as const);
    this.#changed.clear();
    return changed;
  }

  #row(sequence: number): SegmentRow {
    this.#changed.add(sequence);
    let row = this.#rows.get(sequence);
    if (!row) {
      row = { live: 0, removals: 0, span: undefined };
      this.#rows.set(sequence, row);
    }
    return row;
  }
}

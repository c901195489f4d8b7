import { IndexTable } from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import { decodeHead, type Ledger, spanWith } from './ledger.ts';
import { compareKeys } from './listing.ts';
import type { Bucket } from './object-store.ts';
import type { JournalRecord } from './record.ts';
import type { Location, Span } from './version.ts';

export interface BucketRow {
  readonly id: number;
  readonly bucket: Bucket;
  /** Sealed by the store's master key. Absent: nothing in the bucket was encrypted yet. */
  readonly sealedKey?: string | undefined;
  readonly location: Location;
  readonly span: Span | undefined;
}

/** What a bucket's record says. */
export interface BucketHead extends Bucket {
  readonly sealedKey?: string | undefined;
}

export function decodeBucketHead(head: Buffer): Pick<BucketRow, 'bucket' | 'sealedKey'> {
  const { sealedKey, ...bucket } = decodeHead<BucketHead>(head);
  return { bucket, sealedKey };
}

/** All buckets, in memory. Each has a number that is never used again. */
export class BucketTable {
  readonly #ledger: Ledger;
  readonly #byId = new Map<number, BucketRow>();
  readonly #byName = new Map<string, BucketRow>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const [, row] of storedRows<BucketRow>(ledger.index, IndexTable.bucket)) this.#remember(row);
  }

  byId(id: number): BucketRow | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): BucketRow | undefined {
    return this.#byName.get(name);
  }

  all(): readonly Bucket[] {
    return [...this.#byName.values()].map(({ bucket }) => bucket).sort((a, b) => compareKeys(a.name, b.name));
  }

  rows(): readonly BucketRow[] {
    return [...this.#byId.values()];
  }

  apply(record: JournalRecord, location: Location): void {
    const before = this.#byId.get(record.bucket);
    if (before) this.#ledger.segments.release(before.location);
    const span = before && spanWith(this.#ledger, before.span, before.location);
    this.#ledger.segments.hold(location);
    const row = { id: record.bucket, ...decodeBucketHead(record.head), location, span };
    this.#remember(row);
    setRow(this.#ledger.index, IndexTable.bucket, row.id, row);
  }

  /** Where the bucket's records are, living and dead: its removal must outlive them. */
  span({ span, location }: BucketRow): Span | undefined {
    return spanWith(this.#ledger, span, location);
  }

  remove(id: number): void {
    const row = this.#byId.get(id);
    if (!row) return;
    this.#ledger.segments.release(row.location);
    this.#byId.delete(id);
    this.#byName.delete(row.bucket.name);
    setRow(this.#ledger.index, IndexTable.bucket, id, undefined);
  }

  #remember(row: BucketRow): void {
    this.#byId.set(row.id, row);
    this.#byName.set(row.bucket.name, row);
  }
}

import type { Bucket, Usage } from '../../store/bucket.ts';
import { bucketErrors } from '../../store/errors/bucket-errors.ts';
import { compareKeys } from '../../store/listing.ts';
import type { JournalRecord } from '../journal/record.ts';
import { decodeHead, encodeHead } from './head.ts';
import { IndexTable } from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import { type Ledger, spanWith } from './ledger.ts';
import { Pins } from './pins.ts';
import type { Location, Span } from './version.ts';

/** Every version with a stamp up to this one is in it, as it was then. The stamp is its id, too. */
export interface SnapshotRow extends Usage {
  readonly stamp: number;
  readonly name?: string | undefined;
}

/** Where a fork began, and what it showed then. */
export interface BaseRow extends Usage {
  readonly bucket: number;
  readonly stamp: number;
}

/** What a bucket's record says. */
export interface BucketState {
  readonly bucket: Bucket;
  /** Sealed by the store's master key. Absent: nothing in the bucket was encrypted yet. */
  readonly sealedKey?: string | undefined;
  /** From old to new. */
  readonly snapshots: readonly SnapshotRow[];
  readonly base?: BaseRow | undefined;
}

export interface BucketRow extends BucketState {
  readonly id: number;
  readonly location: Location;
  readonly span: Span | undefined;
}

type BucketHead = Bucket & Partial<Omit<BucketState, 'bucket'>>;

export function encodeBucketHead({ bucket, sealedKey, snapshots, base }: BucketState): Buffer {
  const head: BucketHead = { ...bucket, sealedKey, base, snapshots: snapshots.length > 0 ? snapshots : undefined };
  return encodeHead(head);
}

export function decodeBucketHead(bytes: Buffer): BucketState {
  const { sealedKey, snapshots = [], base, ...bucket } = decodeHead<BucketHead>(bytes);
  return { bucket, sealedKey, snapshots, base };
}

/** All buckets, in memory. Each has a number that is never used again. */
export class BucketTable {
  readonly pins = new Pins();
  readonly #ledger: Ledger;
  readonly #byId = new Map<number, BucketRow>();
  readonly #byName = new Map<string, BucketRow>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    type Stored = Omit<BucketRow, 'snapshots'> & Partial<BucketRow>;
    for (const [, row] of storedRows<Stored>(ledger.index, IndexTable.bucket)) {
      this.#remember({ ...row, snapshots: row.snapshots ?? [] });
    }
  }

  byId(id: number): BucketRow | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): BucketRow | undefined {
    return this.#byName.get(name);
  }

  /** @throws HoldfastError `bucket.not-found` */
  named(name: string): BucketRow {
    const row = this.#byName.get(name);
    if (!row) throw bucketErrors.notFound(name);
    return row;
  }

  all(): readonly Bucket[] {
    return [...this.#byName.values()].map(({ bucket }) => bucket).sort((a, b) => compareKeys(a.name, b.name));
  }

  rows(): readonly BucketRow[] {
    return [...this.#byId.values()];
  }

  /** Returns the buckets that may have lost a pin. */
  apply(record: JournalRecord, location: Location): readonly number[] {
    const before = this.#byId.get(record.bucket);
    if (before) this.#ledger.segments.release(before.location);
    const span = before && spanWith(this.#ledger, before.span, before.location);
    this.#ledger.segments.hold(location);
    const row: BucketRow = { id: record.bucket, ...decodeBucketHead(record.head), location, span };
    setRow(this.#ledger.index, IndexTable.bucket, row.id, row);
    return this.#remember(row);
  }

  /** Where the bucket's records are, living and dead: its removal must outlive them. */
  span({ span, location }: BucketRow): Span | undefined {
    return spanWith(this.#ledger, span, location);
  }

  /** Returns the buckets that may have lost a pin. */
  remove(id: number): readonly number[] {
    const row = this.#byId.get(id);
    if (!row) return [];
    this.#ledger.segments.release(row.location);
    this.#byId.delete(id);
    // In a rebuild the removal may come, moved by compaction, behind a later bucket of the name.
    if (this.#byName.get(row.bucket.name)?.id === id) this.#byName.delete(row.bucket.name);
    setRow(this.#ledger.index, IndexTable.bucket, id, undefined);
    return this.pins.update(id);
  }

  #remember(row: BucketRow): readonly number[] {
    this.#byId.set(row.id, row);
    this.#byName.set(row.bucket.name, row);
    return this.pins.update(row.id, row);
  }
}

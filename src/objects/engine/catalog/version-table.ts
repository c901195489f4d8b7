import type { JournalRecord } from '../journal/record.ts';
import type { FoundVersion } from './found-version.ts';
import { decodeHead, type RemovalHead } from './head.ts';
import type { IndexReader } from './index-file.ts';
import { bucketRange, everyBucket, IndexTable, objectPrefix, versionKey } from './index-keys.ts';
import { type Ledger, spanWith } from './ledger.ts';
import { LockSearch } from './lock-search.ts';
import type { NullTable } from './null-table.ts';
import { firstStep } from './purge-step.ts';
import type { RetainedTable } from './retained-table.ts';
import type { UsageTable } from './usage-table.ts';
import {
  decodeVersionHead,
  encodeVersionEntry,
  joinSpans,
  type Location,
  type Span,
  splitUntil,
  type Version,
} from './version.ts';

interface VersionTableOptions {
  readonly retained: RetainedTable;
  readonly usage: UsageTable;
  readonly nulls: NullTable;
}

/** Versions of objects in the index: of the present here, in `retained` those of the past that must stay. */
export class VersionTable {
  readonly retained: RetainedTable;
  readonly #ledger: Ledger;
  readonly #usage: UsageTable;
  readonly #nulls: NullTable;
  readonly #searches = new Set<LockSearch>();

  constructor(ledger: Ledger, { retained, usage, nulls }: VersionTableOptions) {
    this.#ledger = ledger;
    this.retained = retained;
    this.#usage = usage;
    this.#nulls = nulls;
  }

  at(record: Pick<JournalRecord, 'bucket' | 'key' | 'stamp'>): Version | undefined {
    return this.#ledger.index.find(objectPrefix(record.bucket, record.key), record.stamp)?.version();
  }

  /** Goes on until it is disposed of. */
  searchLocks(bucket: number): { readonly locks: LockSearch } & Disposable {
    const locks = new LockSearch(this.#ledger.index, bucket);
    this.#searches.add(locks);
    return { locks, [Symbol.dispose]: () => this.#searches.delete(locks) };
  }

  /** Every version, of all buckets, and then the retained ones, in the order of their keys in the index. */
  *from(start: Buffer, reader: IndexReader): Generator<FoundVersion> {
    for (const table of [IndexTable.version, IndexTable.retained] as const) {
      const { start: first, end } = everyBucket(table);
      const from = Buffer.compare(start, first) > 0 ? start : first;
      if (Buffer.compare(from, end) < 0) yield* this.#ledger.index.versionsBefore(end, reader)(from);
    }
  }

  /** Where the key's records are, living and dead: a removal must outlive them. */
  span({ span, location }: Version): Span | undefined {
    return spanWith(this.#ledger, span, location);
  }

  add(record: JournalRecord, location: Location): void {
    const known = record.moved ? this.at(record) : undefined;
    if (known) this.#relocate(record, known, location);
    else this.#insert(record, location);
    for (const search of this.#searches) search.written(objectPrefix(record.bucket, record.key), record);
  }

  #insert(record: JournalRecord, location: Location): void {
    const { index, segments, files } = this.#ledger;
    const prefix = objectPrefix(record.bucket, record.key);
    const head = decodeVersionHead(record.head);
    const latest = index.latest(prefix);
    const replaced = head.versioned ? undefined : this.#nulls.find(prefix);
    const span = joinSpans(replaced && this.span(replaced), this.#spanOfRetained(record, head.versioned));
    const version: Version = { ...head, stamp: record.stamp, location, span };
    if (replaced) this.#end(record, replaced);
    segments.hold(location);
    files.add(version.files);
    this.#usage.count(record.bucket, 'live', { version, sign: 1 });
    index.setVersion(prefix, version.stamp, encodeVersionEntry(version, record.head));
    this.#nulls.added(prefix, version, latest);
    if (!latest || latest.stamp < version.stamp) index.setLatest(prefix, version);
  }

  /** What it replaced is already in `retained` where a rebuild met the moved record of that first. */
  #spanOfRetained(record: JournalRecord, versioned: boolean): Span | undefined {
    if (versioned || !record.moved || !this.retained.rebuilding) return undefined;
    const before = this.retained.nullBefore(record, record.stamp);
    return before && this.retained.span(before);
  }

  /**
   * Compaction moved the record, or its metadata was changed: of a stamp, what comes
   * later in the journal counts. Its old place stays in the span until that segment is gone.
   */
  #relocate(record: JournalRecord, known: Version, location: Location): void {
    const { index, segments } = this.#ledger;
    const prefix = objectPrefix(record.bucket, record.key);
    const head = decodeVersionHead(record.head);
    const version: Version = { ...head, stamp: record.stamp, location, span: this.span(known) };
    segments.release(known.location);
    segments.hold(location);
    index.setVersion(prefix, version.stamp, encodeVersionEntry(version, record.head));
  }

  remove(record: JournalRecord): void {
    const { version: stamp } = decodeHead<RemovalHead>(record.head);
    if (stamp === undefined) {
      this.#endNull(record);
      return;
    }
    const version = this.at({ ...record, stamp });
    if (!version || version.stamp > record.stamp) return;
    this.#end(record, version);
  }

  /** `record` ended the version. */
  #end(record: JournalRecord, version: Version): void {
    const retained = { ...version, until: record.stamp };
    if (!this.retained.needs(record.bucket, retained)) {
      this.#drop(record.bucket, objectPrefix(record.bucket, record.key), version);
      return;
    }
    const entry = this.#takeOut(record, version);
    if (entry) this.retained.keep(record, retained, entry);
  }

  /** The entry; what it holds in the journal and in files stays held. */
  #takeOut({ bucket, key }: JournalRecord, version: Version): Buffer | undefined {
    const { index } = this.#ledger;
    const prefix = objectPrefix(bucket, key);
    const entry = index.get(versionKey(prefix, version.stamp));
    index.setVersion(prefix, version.stamp, undefined);
    if (!version.versioned) this.#nulls.removed(prefix);
    this.#usage.count(bucket, 'live', { version, sign: -1 });
    return entry;
  }

  /**
   * Compaction moved a retained version. A rebuild may meet it before what ended it, or
   * without: then it is still among the living here, and so may be what it replaced.
   */
  addRetained(record: JournalRecord, location: Location): void {
    const { until, rest: head } = splitUntil(record.head);
    const decoded = decodeVersionHead(head);
    const prefix = objectPrefix(record.bucket, record.key);
    const known = this.retained.at(record);
    const living = this.at(record);
    const replaced = this.retained.rebuilding && !decoded.versioned ? this.#endNull(record) : undefined;
    const span = joinSpans(known && this.retained.span(known), joinSpans(living && this.span(living), replaced));
    if (known) this.retained.drop(record, known);
    if (living) this.#drop(record.bucket, prefix, living);
    const version = { ...decoded, head, stamp: record.stamp, location, span, until };
    if (this.retained.needs(record.bucket, version)) this.retained.add(record, version);
  }

  /**
   * At `record` the null version before it was over. A rebuild can meet the record behind a later null
   * version, until which the one before seemed to go on. Returns where the records of that one are.
   */
  #endNull(record: JournalRecord): Span | undefined {
    const prefix = objectPrefix(record.bucket, record.key);
    const living = this.#nulls.find(prefix);
    if (living && living.stamp < record.stamp) this.#end(record, living);
    if (!this.retained.rebuilding) return undefined;
    const before = this.retained.nullBefore(record, record.stamp);
    if (before) this.retained.shorten(record, before, record.stamp);
    return before && this.retained.span(before);
  }

  #drop(bucket: number, prefix: Buffer, version: Version): void {
    this.#ledger.index.setVersion(prefix, version.stamp, undefined);
    if (!version.versioned) this.#nulls.removed(prefix);
    this.#ledger.segments.release(version.location);
    this.#ledger.files.remove(version.files);
    this.#usage.count(bucket, 'live', { version, sign: -1 });
  }

  /**
   * Drops some entries of a deleted bucket, and says whether any were left in the
   * index file. They must have been flushed; nobody adds to a deleted bucket.
   */
  purgeStep(bucket: number): boolean {
    const { start, end } = bucketRange(bucket);
    const { versions } = firstStep(this.#ledger.index.stored(start, end));
    for (const found of versions) this.#drop(bucket, found.prefix, found.version());
    return versions.length > 0;
  }
}

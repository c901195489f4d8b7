import type { Usage } from '../../store/bucket.ts';
import { addUsage } from '../../store/usage.ts';
import type { HybridClock } from '../hybrid-clock.ts';
import type { LocatedRecord } from '../journal/batch.ts';
import { isRemoval, RecordKind } from '../journal/record.ts';
import { type BucketRow, BucketTable } from './bucket-table.ts';
import { BucketView } from './bucket-view.ts';
import { FileReferences } from './file-references.ts';
import { decodeHead, type RemovalHead } from './head.ts';
import type { IndexFile, IndexReader } from './index-file.ts';
import { IndexTable } from './index-keys.ts';
import { getRow, setRow, storedRows } from './index-rows.ts';
import type { Ledger } from './ledger.ts';
import { NullTable } from './null-table.ts';
import { ObjectIndex } from './object-index.ts';
import { RetainedTable } from './retained-table.ts';
import { findSealed } from './sealed-search.ts';
import { type SegmentRow, SegmentUsage } from './segment-usage.ts';
import { UploadTable } from './upload-table.ts';
import { UsageTable } from './usage-table.ts';
import { splitUntil, type Version } from './version.ts';
import { ForkLayer, PastLayer, PresentLayer, type VersionLayer } from './version-layers.ts';
import { VersionTable } from './version-table.ts';
import { WhiteoutTable } from './whiteout-table.ts';

interface State {
  /** The journal is applied up to here. */
  readonly position: number;
  readonly stamp: number;
  readonly lastBucket: number;
  /** The index was being built from nothing. */
  readonly rebuilding?: boolean;
  /** The table of null versions has all. Code of before does not keep it, and leaves this out when it writes. */
  readonly nulls?: boolean;
}

const STATE = 'catalog';

/**
 * What the journal adds up to. `apply` is its only way to change, live and in
 * replay, so that both give the same.
 */
export class Catalog {
  readonly buckets: BucketTable;
  readonly uploads: UploadTable;
  readonly versions: VersionTable;
  readonly retained: RetainedTable;
  readonly segments: SegmentUsage;
  readonly files: FileReferences;
  readonly whiteouts: WhiteoutTable;
  readonly #nulls: NullTable;
  #hasNulls: boolean;
  readonly #usage: UsageTable;
  readonly #index: ObjectIndex;
  readonly #clock: HybridClock;
  /** The last stamp that counts: the clock may have given some to what is on its way to the journal. */
  #lastStamp: number;
  #position: number;
  #saved: number;
  #lastBucket: number;

  constructor(file: IndexFile, clock: HybridClock, sequenceOf: (position: number) => number) {
    const index = new ObjectIndex(file);
    const state = getRow<State>(index, IndexTable.state, STATE);
    clock.observe(state?.stamp ?? 0);
    const rows = new Map<number, SegmentRow>();
    for (const [id, row] of storedRows<SegmentRow>(index, IndexTable.segment)) rows.set(Number(id), row);
    this.#index = index;
    this.#clock = clock;
    this.#lastStamp = clock.last;
    this.#position = state?.position ?? 0;
    this.#saved = this.#position;
    this.#lastBucket = state?.lastBucket ?? 0;
    this.segments = new SegmentUsage(rows, sequenceOf);
    this.files = new FileReferences(index);
    const ledger: Ledger = { index, files: this.files, segments: this.segments, sequenceOf };
    this.buckets = new BucketTable(ledger);
    this.uploads = new UploadTable(ledger);
    const rebuilding = state?.rebuilding ?? state === undefined;
    this.#usage = new UsageTable(index);
    this.retained = new RetainedTable(ledger, { pins: this.buckets.pins, usage: this.#usage, rebuilding });
    this.#nulls = new NullTable(index);
    this.#hasNulls = state?.nulls ?? state === undefined;
    this.versions = new VersionTable(ledger, { retained: this.retained, usage: this.#usage, nulls: this.#nulls });
    this.whiteouts = new WhiteoutTable(ledger, this.#usage);
  }

  /** Journal before this position is in the index file. */
  get savedPosition(): number {
    return this.#saved;
  }

  get pending(): number {
    return this.#index.pending;
  }

  get nextBucket(): number {
    return this.#lastBucket + 1;
  }

  /** What the bucket shows now, or showed when `moment` was the last stamp. */
  view(bucket: BucketRow, moment?: number): BucketView {
    return new BucketView(this.#layer(bucket, moment));
  }

  #layer(row: BucketRow, moment: number | undefined): VersionLayer {
    const { pins } = this.buckets;
    const own =
      moment === undefined
        ? new PresentLayer(this.#index, { bucket: row.id, nulls: this.#nulls })
        : new PastLayer(this.#index, { bucket: row.id, moment, pins, nulls: this.#nulls });
    const base = row.base && this.buckets.byId(row.base.bucket);
    if (!row.base || !base) return own;
    const { stamp: began } = row.base;
    return new ForkLayer(this.#index, {
      own,
      base: this.#layer(base, Math.min(began, moment ?? began)),
      bucket: row.id,
      moment: Math.min(moment ?? this.#lastStamp, this.#lastStamp),
      began,
      whiteouts: this.whiteouts,
    });
  }

  /** For scans of views that are made in the same turn: they show what is there now as long as it is held. */
  hold(): IndexReader & Disposable {
    return this.#index.hold();
  }

  /** Neither a version nor a delete marker of its own: a fork may show those of its base. */
  holdsNothing({ id }: BucketRow): boolean {
    using reader = this.hold(); // what is held is sure of its end: an empty bucket goes
    return new BucketView(new PresentLayer(this.#index, { bucket: id, nulls: this.#nulls })).isEmpty({ reader });
  }

  /** Whether something that the bucket, which has no key, holds or shows is sealed by one: then it is lost. */
  hasLostKey(bucket: number): Generator<void, boolean> {
    return findSealed(bucket, { index: this.#index, uploads: this.uploads, buckets: this.buckets });
  }

  /** Whether the bucket itself holds that version: a fork may show it of its base. */
  isOwn(bucket: BucketRow, key: string, { stamp }: Version): boolean {
    return this.versions.at({ bucket: bucket.id, key: Buffer.from(key), stamp }) !== undefined;
  }

  /** What the bucket shows. */
  usage({ id, base }: BucketRow): Usage {
    const own = this.#usage.of(id, 'live');
    return base ? addUsage(addUsage(own, base), this.#usage.of(id, 'hidden'), -1) : own;
  }

  /** What only snapshots and forks of the bucket show. */
  retainedUsage({ id }: BucketRow): Usage {
    return this.#usage.of(id, 'retained');
  }

  /** The journal is applied up to `position`. */
  reached(position: number): void {
    this.#position = position;
  }

  apply({ record, position, length }: LocatedRecord): void {
    const location = { position, length };
    this.#clock.observe(record.stamp);
    this.#lastStamp = Math.max(this.#lastStamp, record.stamp);
    // Of a bucket that is gone a rebuild may meet nothing but objects, which must not be those of a later one.
    this.#lastBucket = Math.max(this.#lastBucket, record.bucket);
    if (isRemoval(record.kind)) {
      this.segments.holdRemoval(location, decodeHead<RemovalHead>(record.head).span);
    }
    switch (record.kind) {
      case RecordKind.version:
        this.versions.add(record, location);
        break;
      case RecordKind.removal:
        this.versions.remove(record);
        break;
      case RecordKind.retained:
        this.#clock.observe(splitUntil(record.head).until); // the record of its end may be gone
        this.versions.addRetained(record, location);
        break;
      case RecordKind.whiteout:
        this.whiteouts.add(record, location);
        break;
      case RecordKind.bucket:
        this.#lostPins(this.buckets.apply(record, location));
        break;
      case RecordKind.bucketRemoval:
        this.#removeBucket(record.bucket);
        break;
      case RecordKind.upload:
        this.uploads.begin(record, location);
        break;
      case RecordKind.part:
        this.uploads.addPart(record, location);
        break;
      case RecordKind.uploadEnd:
        this.uploads.end(record.key.toString());
        break;
    }
  }

  /** Its objects are dropped later, step by step: without the bucket nobody sees them. */
  #removeBucket(id: number): void {
    this.#lostPins(this.buckets.remove(id));
    for (const { uploadId } of this.uploads.ofBucket(id)) this.uploads.end(uploadId);
  }

  #lostPins(buckets: readonly number[]): void {
    for (const bucket of buckets) this.retained.lostPin(bucket);
  }

  /**
   * To be gone through before anything is applied. Finds the null versions in an index that has no table of them,
   * or which code of before has written since. Each step may be flushed.
   */
  *findNulls(): Generator<void> {
    if (this.#hasNulls) return;
    for (const id of this.#index.bucketsIn(IndexTable.version)) {
      const neverVersioned = this.buckets.byId(id)?.bucket.versioning === 'disabled';
      if (this.retained.rebuilding || !neverVersioned) yield* this.#nulls.findAll(id);
    }
    this.#hasNulls = true;
    this.#saveState();
  }

  /** Everything in the journal has been seen. Drops what a replay from the beginning met without what it belongs to. */
  endReplay(): void {
    this.retained.endRebuild();
    for (const upload of this.uploads.all()) {
      if (!upload.head || !this.buckets.byId(upload.bucket)) this.uploads.end(upload.uploadId);
    }
  }

  /** Buckets that are gone but for their objects. Complete after a flush. */
  removedBuckets(): readonly number[] {
    const tables = [IndexTable.version, IndexTable.retained, IndexTable.whiteout, IndexTable.null] as const;
    const all = new Set(tables.flatMap((table) => [...this.#index.bucketsIn(table)]));
    return [...all].filter((id) => !this.buckets.byId(id));
  }

  /** Drops some entries of a deleted bucket that are in the index file, and says whether there were any. */
  purgeStep(bucket: number): boolean {
    const purged = [this.versions, this.retained, this.whiteouts, this.#nulls].map((table) => table.purgeStep(bucket));
    this.#usage.forget(bucket);
    return purged.includes(true);
  }

  /** Writes everything applied so far to the index file, with the position, in one transaction. */
  async flush(): Promise<void> {
    let position = this.#saved;
    await this.#index.flush(() => {
      position = this.#position;
      this.#saveCounters();
    });
    this.#saved = Math.max(this.#saved, position);
  }

  #saveCounters(): void {
    if (this.#index.pending === 0 && this.#position === this.#saved) return;
    this.#usage.save();
    for (const [sequence, row] of this.segments.takeChanged()) {
      setRow(this.#index, IndexTable.segment, sequence, row);
    }
    this.#saveState();
  }

  #saveState(): void {
    const state: State = {
      position: this.#position,
      stamp: this.#clock.last,
      lastBucket: this.#lastBucket,
      rebuilding: this.retained.rebuilding,
      nulls: this.#hasNulls,
    };
    setRow(this.#index, IndexTable.state, STATE, state);
  }

  async close(): Promise<void> {
    await this.#index.close();
  }
}

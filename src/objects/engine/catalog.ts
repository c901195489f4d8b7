import type { LocatedRecord } from './batch.ts';
import { BucketTable } from './bucket-table.ts';
import { FileReferences } from './file-references.ts';
import type { HybridClock } from './hybrid-clock.ts';
import type { IndexFile } from './index-file.ts';
import { IndexTable } from './index-keys.ts';
import { getRow, setRow, storedRows } from './index-rows.ts';
import { decodeHead, type Ledger, type RemovalHead } from './ledger.ts';
import { ObjectIndex } from './object-index.ts';
import { isRemoval, type JournalRecord, RecordKind } from './record.ts';
import { type SegmentRow, SegmentUsage } from './segment-usage.ts';
import { UploadTable } from './upload-table.ts';
import type { Location } from './version.ts';
import { VersionTable } from './version-table.ts';

interface State {
  /** The journal is applied up to here. */
  readonly position: number;
  readonly stamp: number;
  readonly lastBucket: number;
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
  readonly segments: SegmentUsage;
  readonly files: FileReferences;
  readonly #index: ObjectIndex;
  readonly #clock: HybridClock;
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
    this.#position = state?.position ?? 0;
    this.#saved = this.#position;
    this.#lastBucket = state?.lastBucket ?? 0;
    this.segments = new SegmentUsage(rows, sequenceOf);
    this.files = new FileReferences(index);
    const ledger: Ledger = { index, files: this.files, segments: this.segments, sequenceOf };
    this.buckets = new BucketTable(ledger);
    this.uploads = new UploadTable(ledger);
    this.versions = new VersionTable(ledger);
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

  /** The journal is applied up to `position`. */
  reached(position: number): void {
    this.#position = position;
  }

  apply({ record, position, length }: LocatedRecord): void {
    const location = { position, length };
    this.#clock.observe(record.stamp);
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
      case RecordKind.bucket:
        this.#lastBucket = Math.max(this.#lastBucket, record.bucket);
        this.buckets.apply(record, location);
        break;
      case RecordKind.bucketRemoval:
        this.#lastBucket = Math.max(this.#lastBucket, record.bucket);
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
    this.buckets.remove(id);
    for (const { uploadId } of this.uploads.ofBucket(id)) this.uploads.end(uploadId);
  }

  /** Drops what a replay from the beginning met without what it belongs to. */
  dropStrays(): void {
    for (const upload of this.uploads.all()) {
      if (!upload.head || !this.buckets.byId(upload.bucket)) this.uploads.end(upload.uploadId);
    }
  }

  /** Buckets that are gone but for their objects. Complete after a flush. */
  removedBuckets(): readonly number[] {
    return [...this.versions.bucketsWithEntries()].filter((id) => !this.buckets.byId(id));
  }

  /** False when the record, at `position`, says nothing that is still needed. */
  isNeeded(record: JournalRecord, { position }: Location, exists: (first: number, last: number) => boolean): boolean {
    switch (record.kind) {
      case RecordKind.version:
        return this.versions.at(record)?.location.position === position;
      case RecordKind.bucket:
        return this.buckets.byId(record.bucket)?.location.position === position;
      case RecordKind.upload:
        return this.uploads.get(record.key.toString())?.location?.position === position;
      case RecordKind.part:
        return this.#isPart(record, position);
      default: {
        const { span } = decodeHead<RemovalHead>(record.head);
        return span !== undefined && exists(span.first, span.last);
      }
    }
  }

  #isPart(record: JournalRecord, position: number): boolean {
    const upload = this.uploads.get(record.key.toString());
    return [...(upload?.parts.values() ?? [])].some(({ location }) => location.position === position);
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
    this.versions.saveUsage();
    for (const [sequence, row] of this.segments.takeChanged()) {
      setRow(this.#index, IndexTable.segment, sequence, row);
    }
    const state: State = { position: this.#position, stamp: this.#clock.last, lastBucket: this.#lastBucket };
    setRow(this.#index, IndexTable.state, STATE, state);
  }

  async close(): Promise<void> {
    await this.#index.close();
  }
}

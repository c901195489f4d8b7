import type { ObjectMetadata } from '../../store/object.ts';
import { wallTime } from '../../store/stamp.ts';
import type { PartInfo } from '../../store/upload.ts';
import type { StoredSealedKey } from '../encryption/sealed-key.ts';
import type { JournalRecord } from '../journal/record.ts';
import { decodeHead } from './head.ts';
import { IndexTable } from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import { type Ledger, spanWith } from './ledger.ts';
import type { FileRef, Location, Span } from './version.ts';

export interface UploadHead {
  readonly key: string;
  readonly metadata: ObjectMetadata;
  readonly sealedKey?: StoredSealedKey | undefined;
}

export interface PartHead {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly headers?: PartInfo['headers'];
  readonly file: FileRef;
}

interface StoredUpload {
  readonly uploadId: string;
  readonly bucket: number;
  readonly stamp: number;
  /** Absent while only parts were seen: compaction may have moved the beginning behind them. */
  readonly head: UploadHead | undefined;
  readonly location: Location | undefined;
  readonly span: Span | undefined;
}

interface StoredPart extends PartInfo {
  readonly uploadId: string;
  readonly stamp: number;
  readonly file: FileRef;
  readonly location: Location;
}

export interface UploadRow extends StoredUpload {
  readonly parts: Map<number, StoredPart>;
}

export interface BegunUpload extends UploadRow {
  readonly head: UploadHead;
}

function hasBegun(row: UploadRow): row is BegunUpload {
  return row.head !== undefined;
}

/** Unfinished multipart uploads and their parts, in memory. */
export class UploadTable {
  readonly #ledger: Ledger;
  readonly #uploads = new Map<string, UploadRow>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const [, row] of storedRows<StoredUpload>(ledger.index, IndexTable.upload)) {
      this.#uploads.set(row.uploadId, { ...row, parts: new Map() });
    }
    for (const [, part] of storedRows<StoredPart>(ledger.index, IndexTable.part)) {
      this.#uploads.get(part.uploadId)?.parts.set(part.partNumber, part);
    }
  }

  get(uploadId: string): BegunUpload | undefined {
    const row = this.#uploads.get(uploadId);
    return row && hasBegun(row) ? row : undefined;
  }

  /** Those that have begun; `undefined` stands for others. May be gone through in turns. */
  *begunIn(bucket: number): Generator<BegunUpload | undefined> {
    for (const row of this.#uploads.values()) yield row.bucket === bucket && hasBegun(row) ? row : undefined;
  }

  ofBucket(bucket: number): readonly UploadRow[] {
    return [...this.#uploads.values()].filter((row) => row.bucket === bucket);
  }

  all(): readonly UploadRow[] {
    return [...this.#uploads.values()];
  }

  begin(record: JournalRecord, location: Location): void {
    const uploadId = record.key.toString();
    const before = this.#uploads.get(uploadId);
    if (before?.location) this.#ledger.segments.release(before.location);
    const span = before?.location ? spanWith(this.#ledger, before.span, before.location) : before?.span;
    this.#ledger.segments.hold(location);
    this.#save({
      uploadId,
      bucket: record.bucket,
      stamp: record.stamp,
      head: decodeHead<UploadHead>(record.head),
      location,
      span,
      parts: before?.parts ?? new Map(),
    });
  }

  addPart(record: JournalRecord, location: Location): void {
    const { segments, files, index } = this.#ledger;
    const uploadId = record.key.toString();
    const upload = this.#uploads.get(uploadId) ?? this.#beginUnseen(uploadId, record);
    const head = decodeHead<PartHead>(record.head);
    const before = upload.parts.get(head.partNumber);
    segments.hold(location);
    files.add([head.file]);
    if (before) {
      segments.release(before.location);
      files.remove([before.file]);
      this.#save({ ...upload, span: spanWith(this.#ledger, upload.span, before.location) });
    }
    const part = { ...head, uploadId, stamp: record.stamp, lastModified: wallTime(record.stamp), location };
    upload.parts.set(head.partNumber, part);
    setRow(index, IndexTable.part, `${uploadId}/${head.partNumber}`, part);
  }

  end(uploadId: string): void {
    const upload = this.#uploads.get(uploadId);
    if (!upload) return;
    const { segments, files, index } = this.#ledger;
    if (upload.location) segments.release(upload.location);
    for (const part of upload.parts.values()) {
      segments.release(part.location);
      files.remove([part.file]);
      setRow(index, IndexTable.part, `${uploadId}/${part.partNumber}`, undefined);
    }
    setRow(index, IndexTable.upload, uploadId, undefined);
    this.#uploads.delete(uploadId);
  }

  /** Where the upload's records are, living and dead: its end must outlive them. */
  span(upload: UploadRow): Span | undefined {
    let span = upload.location ? spanWith(this.#ledger, upload.span, upload.location) : upload.span;
    for (const part of upload.parts.values()) span = spanWith(this.#ledger, span, part.location);
    return span;
  }

  #beginUnseen(uploadId: string, { bucket, stamp }: JournalRecord): UploadRow {
    const row = { uploadId, bucket, stamp, head: undefined, location: undefined, span: undefined, parts: new Map() };
    this.#save(row);
    return row;
  }

  #save(row: UploadRow): void {
    this.#uploads.set(row.uploadId, row);
    const { parts: _parts, ...stored } = row;
    setRow(this.#ledger.index, IndexTable.upload, row.uploadId, stored);
  }
}

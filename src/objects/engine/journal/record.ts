import { crc32 } from 'node:zlib';
import { readUint64, writeUint64 } from '../uint64.ts';

/** What a record says. The numbers are on disk: never reuse one. */
export const RecordKind = {
  /** A version of an object; inline bytes follow the head. */
  version: 1,
  /** A version of an object is gone. */
  removal: 2,
  bucket: 3,
  bucketRemoval: 4,
  upload: 5,
  part: 6,
  /** Completed or aborted. */
  uploadEnd: 7,
  /** A version that is gone and that a snapshot or a fork still shows, moved by compaction. */
  retained: 8,
  /** A fork shows a version of its base no more. */
  whiteout: 9,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Kinds that say that something is gone. */
export function isRemoval(kind: RecordKind): boolean {
  return kind === RecordKind.removal || kind === RecordKind.bucketRemoval || kind === RecordKind.uploadEnd;
}

export interface JournalRecord {
  readonly kind: RecordKind;
  /** Written again with its first stamp: by compaction, or with changed metadata. */
  readonly moved: boolean;
  readonly stamp: number;
  /** The bucket's number; names can be used again, numbers are not. */
  readonly bucket: number;
  /** UTF-8 object key, or the id of an upload. */
  readonly key: Buffer;
  /** Of the kind's own encoding. */
  readonly head: Buffer;
  readonly data: Buffer;
}

/**
 * crc 4 · length 4 · kind 1 · flags 1 · key length 2 · head length 4 · bucket 4 ·
 * stamp 8 · key · head · data. The CRC covers everything after itself.
 */
const RECORD_HEADER_BYTES = 28;
const MOVED = 1;

const KINDS: ReadonlySet<number> = new Set(Object.values(RecordKind));

export function recordBytes({ key, head, data }: Pick<JournalRecord, 'key' | 'head' | 'data'>): number {
  return RECORD_HEADER_BYTES + key.length + head.length + data.length;
}

/** Returns the offset after the record. */
export function encodeRecord(record: JournalRecord, target: Buffer, at: number): number {
  const { kind, moved, stamp, bucket, key, head, data } = record;
  const end = at + recordBytes(record);
  target.writeUInt32BE(end - at, at + 4);
  target.writeUInt8(kind, at + 8);
  target.writeUInt8(moved ? MOVED : 0, at + 9);
  target.writeUInt16BE(key.length, at + 10);
  target.writeUInt32BE(head.length, at + 12);
  target.writeUInt32BE(bucket, at + 16);
  writeUint64(target, stamp, at + 20);
  key.copy(target, at + RECORD_HEADER_BYTES);
  head.copy(target, at + RECORD_HEADER_BYTES + key.length);
  data.copy(target, end - data.length);
  target.writeUInt32BE(crc32(target.subarray(at + 4, end)), at);
  return end;
}

/** What the record at `at` says that it takes, damaged or not; `undefined` where that cannot be. */
export function claimedBytes(source: Buffer, at: number): number | undefined {
  if (at + RECORD_HEADER_BYTES > source.length) return undefined;
  const length = source.readUInt32BE(at + 4);
  return length >= RECORD_HEADER_BYTES && at + length <= source.length ? length : undefined;
}

/** What a record that is damaged was of, as far as it still says so. */
export function claimedObject(source: Buffer, at: number): { readonly bucket: number; readonly key: string } {
  const start = at + RECORD_HEADER_BYTES;
  return {
    bucket: source.readUInt32BE(at + 16),
    key: source.toString('utf8', start, start + source.readUInt16BE(at + 10)),
  };
}

/** `undefined` when the bytes at `at` are no whole, undamaged record. The buffers share memory with `source`. */
export function decodeRecord(source: Buffer, at: number): JournalRecord | undefined {
  const length = claimedBytes(source, at);
  if (length === undefined) return undefined;
  const end = at + length;
  if (crc32(source.subarray(at + 4, end)) !== source.readUInt32BE(at)) return undefined;
  const kind = source.readUInt8(at + 8);
  const headStart = at + RECORD_HEADER_BYTES + source.readUInt16BE(at + 10);
  const dataStart = headStart + source.readUInt32BE(at + 12);
  if (!KINDS.has(kind) || dataStart > end) return undefined;
  return {
    kind: kind as RecordKind,
    moved: (source.readUInt8(at + 9) & MOVED) !== 0,
    stamp: readUint64(source, at + 20),
    bucket: source.readUInt32BE(at + 16),
    key: source.subarray(at + RECORD_HEADER_BYTES, headStart),
    head: source.subarray(headStart, dataStart),
    data: source.subarray(dataStart, end),
  };
}

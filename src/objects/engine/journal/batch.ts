import { crc32 } from 'node:zlib';
import { readUint64, writeUint64 } from '../uint64.ts';
import { decodeRecord, encodeRecord, type JournalRecord, recordBytes } from './record.ts';

/**
 * A batch is what one write carries: a header and whole records, at a multiple of
 * 4 KiB. It counts as a whole or not at all.
 *
 * magic 4 · crc 4 · position 8 · length 4 · records 4 · previous 4 · seal 4
 *
 * The position tells it from what an earlier life of a recycled segment left;
 * `previous`, the CRC of the header before it in the segment, from what a torn
 * batch left further on. The CRC of a header starts from the store's secret salt:
 * no object can carry bytes that pass for a batch.
 */
export const BLOCK_BYTES = 4096;
export const BATCH_HEADER_BYTES = 32;
const MAGIC = 0x48464a31; // HFJ1

export interface BatchHeader {
  readonly position: number;
  /** Header and records, without padding. */
  readonly length: number;
  readonly records: number;
  readonly previous: number;
  /** The last batch of its segment. */
  readonly seal: boolean;
  readonly crc: number;
}

export interface LocatedRecord {
  readonly record: JournalRecord;
  readonly position: number;
  readonly length: number;
}

export function alignToBlock(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** On disk, padding included. */
export function batchBytes(records: readonly JournalRecord[]): number {
  return alignToBlock(records.reduce((sum, record) => sum + recordBytes(record), BATCH_HEADER_BYTES));
}

export interface BatchPlace {
  readonly position: number;
  readonly previous: number;
  readonly salt: number;
}

/** Fills `target` from its start with the batch, zero padding included, and returns the header's CRC. */
export function encodeBatch(records: readonly JournalRecord[], target: Buffer, place: BatchPlace): number {
  let at = BATCH_HEADER_BYTES;
  for (const record of records) at = encodeRecord(record, target, at);
  target.fill(0, at, alignToBlock(at));
  target.writeUInt32BE(MAGIC, 0);
  writeUint64(target, place.position, 8);
  target.writeUInt32BE(at, 16);
  target.writeUInt32BE(records.length, 20);
  target.writeUInt32BE(place.previous, 24);
  target.writeUInt32BE(records.length === 0 ? 1 : 0, 28);
  const crc = crc32(target.subarray(8, BATCH_HEADER_BYTES), place.salt);
  target.writeUInt32BE(crc, 4);
  return crc;
}

/** `undefined` when no header for `position` is at `at`. */
export function decodeBatchHeader(
  source: Buffer,
  at: number,
  { position, salt }: Omit<BatchPlace, 'previous'>,
): BatchHeader | undefined {
  if (at + BATCH_HEADER_BYTES > source.length || source.readUInt32BE(at) !== MAGIC) return undefined;
  const crc = source.readUInt32BE(at + 4);
  if (crc32(source.subarray(at + 8, at + BATCH_HEADER_BYTES), salt) !== crc) return undefined;
  if (readUint64(source, at + 8) !== position) return undefined;
  return {
    position,
    length: source.readUInt32BE(at + 16),
    records: source.readUInt32BE(at + 20),
    previous: source.readUInt32BE(at + 24),
    seal: source.readUInt32BE(at + 28) === 1,
    crc,
  };
}

/** `undefined` when a record of the batch is bad. */
export function decodeBatchRecords(
  source: Buffer,
  at: number,
  header: BatchHeader,
): readonly LocatedRecord[] | undefined {
  const body = source.subarray(at, at + header.length);
  if (body.length < header.length) return undefined;
  const located: LocatedRecord[] = [];
  let offset = BATCH_HEADER_BYTES;
  for (let i = 0; i < header.records; i++) {
    const record = decodeRecord(body, offset);
    if (!record) return undefined;
    const length = recordBytes(record);
    located.push({ record, position: header.position + offset, length });
    offset += length;
  }
  return offset === header.length ? located : undefined;
}

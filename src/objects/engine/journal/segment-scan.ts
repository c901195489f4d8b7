import { engineErrors } from '../errors.ts';
import {
  alignToBlock,
  type BatchHeader,
  BLOCK_BYTES,
  decodeBatchHeader,
  decodeBatchRecords,
  type LocatedRecord,
} from './batch.ts';
import type { Segment } from './segment.ts';

/** Called in journal order; the scan waits for it. */
export type RecordVisitor = (record: LocatedRecord) => void | Promise<void>;

interface SegmentScan {
  readonly segmentBytes: number;
  readonly salt: number;
  /** Records before this position are neither visited nor looked at: they are known, and may have been damaged since. */
  readonly from?: number;
}

/** Where what was written of a segment ends. */
export interface SegmentEnd {
  readonly offset: number;
  /** Checksum of the last batch, which the next one names. */
  readonly previous: number;
  /** Nothing more comes into it. */
  readonly sealed: boolean;
  /** The seal, where it has one. */
  readonly last: WrittenBatch | undefined;
}

/** A batch as it is in the segment. */
interface WrittenBatch {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * Visits all records of a segment. A torn batch ends it.
 * @throws HoldfastError `journal.corrupt` when valid batches follow a damaged one
 */
export async function scanSegment(
  segment: Segment,
  { segmentBytes, salt, from = 0 }: SegmentScan,
  visit: RecordVisitor,
): Promise<SegmentEnd> {
  const bytes = await segment.read(0, segmentBytes);
  const headerAt = (offset: number) =>
    decodeBatchHeader(bytes, offset, { position: segment.sequence * segmentBytes + offset, salt });
  let offset = 0;
  let previous = 0;
  let last: WrittenBatch | undefined;
  while (offset < bytes.length) {
    const header = headerAt(offset);
    if (header?.previous !== previous) break;
    const written = { offset, bytes: bytes.subarray(offset, offset + alignToBlock(header.length)) };
    if (header.seal) return { offset, previous, sealed: true, last: written };
    const isKnown = header.position + header.length <= from;
    const records = isKnown ? [] : decodeBatchRecords(bytes, offset, header);
    if (!records) break;
    for (const record of records) if (record.position >= from) await visit(record);
    last = written;
    previous = header.crc;
    offset += alignToBlock(header.length);
  }
  if (hasMore(bytes.length, { offset, previous }, headerAt)) throw engineErrors.journalCorrupt(segment.name, offset);
  return { offset, previous, sealed: false, last };
}

/**
 * One batch is in flight at a time, so nothing valid can follow a torn one. What
 * does follow was acknowledged: then the disk is damaged, and cutting would lose it.
 */
function hasMore(
  length: number,
  { offset: end, previous }: Pick<SegmentEnd, 'offset' | 'previous'>,
  headerAt: (offset: number) => BatchHeader | undefined,
): boolean {
  const torn = headerAt(end);
  const first = end + (torn?.previous === previous ? alignToBlock(torn.length) : BLOCK_BYTES);
  for (let offset = first; offset < length; offset += BLOCK_BYTES) {
    const header = headerAt(offset);
    if (header && (torn === undefined || header.previous === torn.crc)) return true;
  }
  return false;
}

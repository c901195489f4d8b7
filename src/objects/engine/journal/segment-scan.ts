import { engineErrors } from '../errors.ts';
import { alignToBlock, type BatchHeader, BLOCK_BYTES, decodeBatchRecords, type LocatedRecord } from './batch.ts';
import type { Segment } from './segment.ts';
import { SegmentBytes } from './segment-bytes.ts';

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
 * @throws HoldfastError `journal.corrupt` when valid batches follow a damaged one, and when the disk does not
 * give back what may be one
 */
export async function scanSegment(
  segment: Segment,
  { segmentBytes, salt, from = 0 }: SegmentScan,
  visit: RecordVisitor,
): Promise<SegmentEnd> {
  const bytes = await SegmentBytes.read(segment, { segmentBytes, salt });
  let offset = 0;
  let previous = 0;
  let last: WrittenBatch | undefined;
  while (offset < segmentBytes) {
    const header = bytes.headerAt(offset);
    const skipped = bytes.isReadable(offset) ? undefined : bytes.batchAfter(offset, from);
    if (skipped) {
      offset = skipped.offset;
      previous = skipped.header.previous;
      continue;
    }
    if (header?.previous !== previous) break;
    last = writtenAt(bytes, offset, header);
    if (header.seal) return { offset, previous, sealed: true, last };
    const isKnown = header.position + header.length <= from;
    const records = isKnown ? [] : decodeBatchRecords(bytes.all, offset, header);
    if (!records) break;
    for (const record of records) if (record.position >= from) await visit(record);
    previous = header.crc;
    offset += alignToBlock(header.length);
  }
  checkEnd(segment, bytes, { offset, previous });
  return { offset, previous, sealed: false, last };
}

/** Nothing of a batch that is not there as it was written. */
function writtenAt(bytes: SegmentBytes, offset: number, header: BatchHeader): WrittenBatch | undefined {
  if (!bytes.isReadable(offset, header)) return undefined;
  return { offset, bytes: bytes.all.subarray(offset, offset + alignToBlock(header.length)) };
}

/**
 * One batch is in flight at a time, so nothing valid can follow a torn one. What
 * does follow was acknowledged: then the disk is damaged, and cutting would lose it.
 * So it may have been, too, where nobody can see what was there.
 */
function checkEnd(
  segment: Segment,
  bytes: SegmentBytes,
  { offset: end, previous }: Pick<SegmentEnd, 'offset' | 'previous'>,
): void {
  const found = bytes.headerAt(end);
  const torn = found?.previous === previous ? found : undefined;
  if (!bytes.isReadable(end, torn)) throw engineErrors.journalUnreadable(segment, end);
  const first = end + (torn ? alignToBlock(torn.length) : BLOCK_BYTES);
  for (let offset = first; offset < bytes.all.length; offset += BLOCK_BYTES) {
    const header = bytes.headerAt(offset);
    if (header && (found === undefined || header.previous === found.crc)) {
      throw engineErrors.journalCorrupt(segment, end);
    }
  }
}

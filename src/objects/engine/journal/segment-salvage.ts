import type { LocatedRecord } from './batch.ts';
import { alignToBlock, BATCH_HEADER_BYTES, type BatchHeader, BLOCK_BYTES } from './batch.ts';
import { claimedBytes, decodeRecord } from './record.ts';
import type { Segment } from './segment.ts';
import { SegmentBytes } from './segment-bytes.ts';

interface Salvage {
  readonly segmentBytes: number;
  readonly salt: number;
}

/** The records of a damaged segment that are whole, wherever others are not. */
export async function salvageRecords(segment: Segment, format: Salvage): Promise<readonly LocatedRecord[]> {
  const bytes = await SegmentBytes.read(segment, format);
  const found: LocatedRecord[] = [];
  for (let offset = 0; offset < bytes.all.length; ) {
    const header = bytes.headerAt(offset);
    if (header) found.push(...wholeRecords(bytes.all.subarray(offset, offset + header.length), header));
    offset += header ? alignToBlock(header.length) : BLOCK_BYTES;
  }
  return found;
}

/** What comes behind a damaged record counts only where its length leads to the end of the batch. */
function wholeRecords(batch: Buffer, { position }: BatchHeader): readonly LocatedRecord[] {
  const found: LocatedRecord[] = [];
  let sure = Number.POSITIVE_INFINITY;
  let at = BATCH_HEADER_BYTES;
  while (at < batch.length) {
    const record = decodeRecord(batch, at);
    const length = claimedBytes(batch, at);
    if (length === undefined) break;
    if (record) found.push({ record, position: position + at, length });
    else sure = Math.min(sure, found.length);
    at += length;
  }
  return at === batch.length ? found : found.slice(0, sure);
}

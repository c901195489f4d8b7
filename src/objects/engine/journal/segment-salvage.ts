import type { LocatedRecord } from './batch.ts';
import { alignToBlock, BATCH_HEADER_BYTES, type BatchHeader, BLOCK_BYTES } from './batch.ts';
import { claimedBytes, claimedObject, decodeRecord } from './record.ts';
import type { Segment } from './segment.ts';
import { SegmentBytes } from './segment-bytes.ts';

interface Salvage {
  readonly segmentBytes: number;
  readonly salt: number;
}

/** Bytes of a segment of which something is lost. */
export interface LostStretch {
  readonly from: number;
  readonly to: number;
  /** Of which objects, as far as the damaged records still say so: buckets by number. */
  readonly objects: readonly { readonly bucket: number; readonly key: string }[];
}

export interface SalvagedSegment {
  readonly records: readonly LocatedRecord[];
  readonly lost: readonly LostStretch[];
  /** The segment as it could be read. */
  readonly bytes: Buffer;
}

/** The records of a damaged segment that are whole, wherever others are not. */
export async function salvageSegment(segment: Segment, format: Salvage): Promise<SalvagedSegment> {
  const bytes = await SegmentBytes.read(segment, format);
  const records: LocatedRecord[] = [];
  const lost: LostStretch[] = [];
  let known = 0;
  for (let offset = 0; offset < bytes.all.length; ) {
    const header = bytes.headerAt(offset);
    if (!header) {
      offset += BLOCK_BYTES;
      continue;
    }
    if (offset > known) lost.push({ from: known, to: offset, objects: [] });
    const end = offset + alignToBlock(header.length);
    const found = wholeRecords(bytes.all.subarray(offset, offset + header.length), header);
    records.push(...found.records);
    if (found.records.length < header.records) lost.push({ from: offset, to: end, objects: found.damaged });
    offset = end;
    known = end;
    if (header.seal) return { records, lost, bytes: bytes.all }; // behind it is what an earlier life has left
  }
  if (known === 0 || !bytes.isReadable(known)) lost.push({ from: known, to: bytes.all.length, objects: [] });
  return { records, lost, bytes: bytes.all };
}

/** What comes behind a damaged record counts only where its length leads to the end of the batch. */
function wholeRecords(batch: Buffer, { position }: BatchHeader) {
  const records: LocatedRecord[] = [];
  const damaged: { readonly bucket: number; readonly key: string }[] = [];
  let sure = Number.POSITIVE_INFINITY;
  let at = BATCH_HEADER_BYTES;
  while (at < batch.length) {
    const record = decodeRecord(batch, at);
    const length = claimedBytes(batch, at);
    if (length === undefined) break;
    if (record) records.push({ record, position: position + at, length });
    else {
      sure = Math.min(sure, records.length);
      damaged.push(claimedObject(batch, at));
    }
    at += length;
  }
  return { records: at === batch.length ? records : records.slice(0, sure), damaged };
}

import { isHoldfastCode } from '../../../core/errors.ts';
import { alignToBlock, decodeBatchHeader, decodeBatchRecords, type LocatedRecord } from './batch.ts';
import type { Segment } from './segment.ts';
import { salvageSegment } from './segment-salvage.ts';

const PAGE_BYTES = 2 ** 20;
const NOTHING = Buffer.alloc(0);

/** A stretch of the journal, as a reader that follows it gets it. */
export interface JournalPage {
  readonly records: readonly LocatedRecord[];
  /** Where the next batch begins. */
  readonly next: number;
}

interface PagePlace {
  /** Of the first batch. */
  readonly position: number;
  /** Where the segment ends. */
  readonly end: number;
  readonly salt: number;
}

interface PageRange {
  readonly from: number;
  readonly end: number;
  readonly segmentBytes: number;
  readonly salt: number;
}

/**
 * Some batches of the segment from `from` on, none beyond `end`: both are where a batch ends or begins.
 * Where they are damaged, what is whole of the rest: who follows the journal must not wait there for ever.
 */
export async function readPage(segment: Segment, { from, end, segmentBytes, salt }: PageRange): Promise<JournalPage> {
  const base = segment.sequence * segmentBytes;
  const position = Math.max(from, base);
  const length = Math.min(base + segmentBytes, end) - position;
  for (const bytes of [PAGE_BYTES, segmentBytes]) {
    const read = segment.read(position - base, Math.min(bytes, length)).catch(nothingOfDamaged);
    const page = decodePage(await read, { position, end: base + segmentBytes, salt });
    if (page) return page;
  }
  const whole = (await salvageSegment(segment, { segmentBytes, salt })).records;
  const isWithin = (one: LocatedRecord) => one.position >= position && one.position < position + length;
  return { records: whole.filter(isWithin), next: position + length };
}

function nothingOfDamaged(error: unknown): Buffer {
  if (isHoldfastCode(error, 'object.damaged')) return NOTHING;
  throw error;
}

/** The whole batches that `bytes` begin with; `undefined` where there is not even one. */
function decodePage(bytes: Buffer, { position, end, salt }: PagePlace): JournalPage | undefined {
  const records: LocatedRecord[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const header = decodeBatchHeader(bytes, offset, { position: position + offset, salt });
    if (header?.seal) return { records, next: end };
    const found = header && decodeBatchRecords(bytes, offset, header);
    if (!found) break;
    for (const record of found) records.push(record);
    offset += alignToBlock(header.length);
  }
  return offset === 0 ? undefined : { records, next: position + offset };
}

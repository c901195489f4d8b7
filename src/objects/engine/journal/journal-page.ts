import { alignToBlock, decodeBatchHeader, decodeBatchRecords, type LocatedRecord } from './batch.ts';

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

/** The whole batches that `bytes` begin with; `undefined` where there is not even one. */
export function decodePage(bytes: Buffer, { position, end, salt }: PagePlace): JournalPage | undefined {
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

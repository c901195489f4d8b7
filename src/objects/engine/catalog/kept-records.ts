import { type JournalRecord, RecordKind } from '../journal/record.ts';
import type { Catalog } from './catalog.ts';
import { decodeHead, type RemovalHead } from './head.ts';
import { withUntil } from './version.ts';

/** Whether there is anything in the segments from the first to the last. */
type Exists = (first: number, last: number) => boolean;

/** What compaction asks of a journal's records, by what they add up to. */
export class KeptRecords {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** False when the record, at `position`, says nothing that is still needed. */
  isNeeded(record: JournalRecord, position: number, exists: Exists): boolean {
    const { versions, retained, whiteouts, buckets, uploads } = this.#catalog;
    switch (record.kind) {
      case RecordKind.version:
        return (versions.at(record) ?? retained.at(record))?.location.position === position;
      case RecordKind.retained:
        return retained.at(record)?.location.position === position;
      case RecordKind.whiteout:
        return whiteouts.isAt(record, position);
      case RecordKind.bucket:
        return buckets.byId(record.bucket)?.location.position === position;
      case RecordKind.upload:
        return uploads.get(record.key.toString())?.location?.position === position;
      case RecordKind.part:
        return this.#isPart(record, position);
      default: {
        const { span } = decodeHead<RemovalHead>(record.head);
        return span !== undefined && exists(span.first, span.last);
      }
    }
  }

  /** What is written in its place. That a version is gone must stay with it: the record of its end may go first. */
  moved(record: JournalRecord): JournalRecord {
    const until = record.kind === RecordKind.version ? this.#catalog.retained.at(record)?.until : undefined;
    if (until === undefined) return { ...record, moved: true };
    return { ...record, moved: true, kind: RecordKind.retained, head: withUntil(record.head, until) };
  }

  #isPart(record: JournalRecord, position: number): boolean {
    const upload = this.#catalog.uploads.get(record.key.toString());
    return [...(upload?.parts.values() ?? [])].some(({ location }) => location.position === position);
  }
}

import type { Counted } from '../../store/usage.ts';
import type { JournalRecord } from '../journal/record.ts';
import { decodeHead } from './head.ts';
import { bucketRange, IndexTable, objectPrefix, versionKey } from './index-keys.ts';
import type { Ledger } from './ledger.ts';
import type { UsageTable } from './usage-table.ts';
import type { Location } from './version.ts';

/** The version of the base, by its stamp, that the fork shows no more. */
export interface WhiteoutHead extends Counted {
  readonly version: number;
  /** Its id where it was removed: what replaces it tells of itself. */
  readonly removed?: string | undefined;
  /** A lifecycle rule removed it. */
  readonly byLifecycle?: boolean | undefined;
}

interface WhiteoutRow extends Omit<WhiteoutHead, 'removed' | 'byLifecycle'> {
  /** When it was hidden. */
  readonly stamp: number;
  readonly location: Location;
}

const PURGE_STEP = 1000;

/** What forks hide of their bases, for good: until the fork goes. */
export class WhiteoutTable {
  readonly #ledger: Ledger;
  readonly #usage: UsageTable;

  constructor(ledger: Ledger, usage: UsageTable) {
    this.#ledger = ledger;
    this.#usage = usage;
    this.#countUncounted();
  }

  /** Indexes of before have whiteouts that no row of usage counts, by which their forks would hide nothing. */
  #countUncounted(): void {
    const { index } = this.#ledger;
    for (const fork of index.bucketsIn(IndexTable.whiteout)) {
      if (this.#usage.whiteouts(fork) > 0) continue;
      const { start, end } = bucketRange(fork, IndexTable.whiteout);
      this.#usage.countWhiteouts(fork, [...index.entries(start, end)].length);
    }
  }

  /** Whether `fork` hid, up to the moment `at`, the version of that stamp. */
  hides(fork: number, key: Buffer, { stamp, at }: { readonly stamp: number; readonly at: number }): boolean {
    const row = this.#usage.whiteouts(fork) > 0 ? this.#row(rowKey(fork, key, stamp)) : undefined;
    return row !== undefined && row.stamp <= at;
  }

  add(record: JournalRecord, location: Location): void {
    const { index, segments } = this.#ledger;
    const { removed: _removed, ...head } = decodeHead<WhiteoutHead>(record.head);
    const key = rowKey(record.bucket, record.key, head.version);
    const before = this.#row(key);
    if (before) segments.release(before.location);
    else this.#usage.addWhiteout(record.bucket, head);
    segments.hold(location);
    const row: WhiteoutRow = { ...head, stamp: record.stamp, location };
    index.set(key, Buffer.from(JSON.stringify(row)));
  }

  isAt(record: JournalRecord, position: number): boolean {
    const { version } = decodeHead<WhiteoutHead>(record.head);
    return this.#row(rowKey(record.bucket, record.key, version))?.location.position === position;
  }

  /** As `VersionTable.purgeStep`. */
  purgeStep(bucket: number): boolean {
    const { index, segments } = this.#ledger;
    const { start, end } = bucketRange(bucket, IndexTable.whiteout);
    const entries = [...index.entries(start, end, PURGE_STEP)];
    for (const { key, value } of entries) {
      segments.release(index.decode(value, decodeHead<WhiteoutRow>).location);
      index.set(key, undefined);
    }
    return entries.length > 0;
  }

  #row(key: Buffer): WhiteoutRow | undefined {
    const { index } = this.#ledger;
    const value = index.get(key);
    return value && index.decode(value, decodeHead<WhiteoutRow>);
  }
}

function rowKey(fork: number, key: Buffer, stamp: number): Buffer {
  return versionKey(objectPrefix(fork, key, IndexTable.whiteout), stamp);
}

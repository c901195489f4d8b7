import type { JournalRecord } from '../journal/record.ts';
import { bucketRange, IndexTable, keyOfPrefix, objectPrefix, prefixOf, stampOf, versionKey } from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import { type Ledger, spanWith } from './ledger.ts';
import type { Pins } from './pins.ts';
import { firstStep } from './purge-step.ts';
import type { UsageTable } from './usage-table.ts';
import { encodeVersionEntry, type RetainedVersion, type Span, withUntil } from './version.ts';

interface RetainedTableOptions {
  readonly pins: Pins;
  readonly usage: UsageTable;
  readonly rebuilding: boolean;
}

/**
 * Versions that are gone and that snapshots and forks still show, apart from the others:
 * what is read of the present does not meet them.
 */
export class RetainedTable {
  readonly #ledger: Ledger;
  readonly #pins: Pins;
  readonly #usage: UsageTable;
  /** Buckets that have lost a pin, and up to where they have been looked through since. */
  readonly #prunable = new Map<number, Buffer | undefined>();
  #rebuilding: boolean;

  constructor(ledger: Ledger, { pins, usage, rebuilding }: RetainedTableOptions) {
    this.#ledger = ledger;
    this.#pins = pins;
    this.#usage = usage;
    this.#rebuilding = rebuilding;
    for (const [id] of storedRows(ledger.index, IndexTable.prune)) this.#prunable.set(Number(id), undefined);
  }

  /**
   * The journal is read from its beginning. Compaction may have moved the buckets' records,
   * and so the pins, behind what they are for: everything is kept until all are known.
   */
  get rebuilding(): boolean {
    return this.#rebuilding;
  }

  endRebuild(): void {
    this.#rebuilding = false;
  }

  needs(bucket: number, { stamp, until }: { readonly stamp: number; readonly until: number }): boolean {
    return this.#rebuilding || this.#pins.of(bucket).isAny(stamp, until);
  }

  at({ bucket, key, stamp }: Pick<JournalRecord, 'bucket' | 'key' | 'stamp'>): RetainedVersion | undefined {
    return this.#at(objectPrefix(bucket, key, IndexTable.retained), stamp);
  }

  #at(prefix: Buffer, stamp: number): RetainedVersion | undefined {
    return this.#ledger.index.find(prefix, stamp)?.version() as RetainedVersion | undefined;
  }

  /** Takes over a version that has just ended, with all that it holds. */
  keep(record: Pick<JournalRecord, 'bucket' | 'key'>, version: RetainedVersion, entry: Buffer): void {
    if (this.#rebuilding && !this.#prunable.has(record.bucket)) this.lostPin(record.bucket);
    this.#usage.count(record.bucket, 'retained', { version, sign: 1 });
    this.#set(record, version.stamp, withUntil(entry, version.until));
  }

  /** Compaction moved it: `head` is that of the version. */
  add(record: JournalRecord, { head, ...version }: RetainedVersion & { readonly head: Buffer }): void {
    const { segments, files } = this.#ledger;
    segments.hold(version.location);
    files.add(version.files);
    this.keep(record, version, encodeVersionEntry(version, head));
  }

  drop(record: Pick<JournalRecord, 'bucket' | 'key'>, version: RetainedVersion): void {
    this.#ledger.segments.release(version.location);
    this.#ledger.files.remove(version.files);
    this.#usage.count(record.bucket, 'retained', { version, sign: -1 });
    this.#set(record, version.stamp, undefined);
  }

  #set({ bucket, key }: Pick<JournalRecord, 'bucket' | 'key'>, stamp: number, value: Buffer | undefined): void {
    this.#ledger.index.setVersion(objectPrefix(bucket, key, IndexTable.retained), stamp, value);
  }

  /** The newest null version that began before `stamp`. */
  nullBefore({ bucket, key }: Pick<JournalRecord, 'bucket' | 'key'>, stamp: number): RetainedVersion | undefined {
    const prefix = objectPrefix(bucket, key, IndexTable.retained);
    for (const found of this.#ledger.index.versions(prefix, stamp - 1)) {
      const version = found.version();
      if (!version.versioned) return version as RetainedVersion;
    }
    return undefined;
  }

  /** It ended earlier than was known. */
  shorten(record: Pick<JournalRecord, 'bucket' | 'key'>, version: RetainedVersion, until: number): void {
    if (version.until > until) this.#set(record, version.stamp, withUntil(encodeVersionEntry(version), until));
  }

  span({ span, location }: RetainedVersion): Span | undefined {
    return spanWith(this.#ledger, span, location);
  }

  /** Some of what it retains may not be needed any more. */
  lostPin(bucket: number): void {
    this.#prunable.set(bucket, undefined);
    setRow(this.#ledger.index, IndexTable.prune, bucket, true);
  }

  get prunable(): readonly number[] {
    return [...this.#prunable.keys()];
  }

  /** Drops what no pin needs of the next entries, also of those that are not in the index file yet, and says whether there are more. */
  pruneStep(bucket: number): boolean {
    const { start, end } = bucketRange(bucket, IndexTable.retained);
    const keys: Buffer[] = [];
    const found = this.#ledger.index.versionsBefore(end)(this.#prunable.get(bucket) ?? start);
    const step = firstStep(found);
    for (const { prefix, stamp } of step.versions) keys.push(versionKey(prefix, stamp));
    for (const key of keys) this.#prune(bucket, key);
    const last = keys.at(-1);
    if (step.isCut && last) this.#prunable.set(bucket, Buffer.concat([last, Buffer.of(0)]));
    else this.#pruned(bucket);
    return this.#prunable.has(bucket);
  }

  #prune(bucket: number, key: Buffer): void {
    const prefix = prefixOf(key);
    const version = this.#at(prefix, stampOf(key));
    if (version && !this.needs(bucket, version)) this.drop({ bucket, key: keyOfPrefix(prefix) }, version);
  }

  #pruned(bucket: number): void {
    this.#prunable.delete(bucket);
    setRow(this.#ledger.index, IndexTable.prune, bucket, undefined);
  }

  /** As `VersionTable.purgeStep`. */
  purgeStep(bucket: number): boolean {
    const { start, end } = bucketRange(bucket, IndexTable.retained);
    const { versions } = firstStep(this.#ledger.index.stored(start, end));
    for (const found of versions) {
      this.drop({ bucket, key: keyOfPrefix(found.prefix) }, found.version() as RetainedVersion);
    }
    if (this.#prunable.has(bucket)) this.#pruned(bucket);
    return versions.length > 0;
  }
}

import {
  afterKey,
  afterPrefix,
  bucketOf,
  bucketRange,
  IndexTable,
  objectKeyOfPrefix,
  objectPrefix,
  prefixOf,
  stampOf,
  versionKey,
} from './index-keys.ts';
import { setRow, storedRows } from './index-rows.ts';
import { decodeHead, type Ledger, type RemovalHead, spanWith } from './ledger.ts';
import type { Scan, VersionBound, VersionScan } from './listing.ts';
import type { FoundVersion } from './object-index.ts';
import { isLocked } from './object-lock.ts';
import type { ObjectVersion } from './object-store.ts';
import type { JournalRecord } from './record.ts';
import {
  decodeVersionEntry,
  decodeVersionHead,
  encodeVersionEntry,
  type Location,
  objectInfo,
  type Span,
  type Version,
} from './version.ts';
import { NULL_VERSION, parseStamp } from './version-id.ts';

interface Usage {
  readonly objects: number;
  readonly bytes: number;
}

const NOTHING: Usage = { objects: 0, bytes: 0 };
const PURGE_STEP = 1000;

/** Versions of objects, in the index, and what they add up to by bucket. */
export class VersionTable {
  readonly #ledger: Ledger;
  readonly #usage = new Map<number, Usage>();
  readonly #changedUsage = new Set<number>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    for (const [id, usage] of storedRows<Usage>(ledger.index, IndexTable.usage)) this.#usage.set(Number(id), usage);
  }

  /** The current version; `undefined` also behind a delete marker. */
  current(bucket: number, key: string): Version | undefined {
    const version = this.#ledger.index.latest(objectPrefix(bucket, Buffer.from(key)));
    return version?.deleteMarker ? undefined : version;
  }

  /** The version of that id, a delete marker too. */
  named(bucket: number, key: string, versionId: string): Version | undefined {
    const bytes = Buffer.from(key);
    if (versionId === NULL_VERSION) return this.#null(objectPrefix(bucket, bytes));
    const stamp = parseStamp(versionId);
    const version = stamp === undefined ? undefined : this.at({ bucket, key: bytes, stamp });
    return version?.versioned ? version : undefined;
  }

  /** As the contract shows it: the version of that id, or the newest. */
  find(bucket: number, key: string, versionId: string | undefined): ObjectVersion | undefined {
    const latest = this.#ledger.index.latest(objectPrefix(bucket, Buffer.from(key)));
    const version = versionId === undefined ? latest : this.named(bucket, key, versionId);
    return version && objectVersion(key, version, latest);
  }

  /** There is at most one; where there never were versions, it is the newest. */
  #null(prefix: Buffer): Version | undefined {
    const { index } = this.#ledger;
    const latest = index.latest(prefix);
    if (!latest?.versioned) return latest;
    for (const { version } of index.versions(prefix)) if (!version.versioned) return version;
    return undefined;
  }

  /** No version and no delete marker. */
  isEmpty(bucket: number): boolean {
    const { start, end } = bucketRange(bucket);
    return first(this.#ledger.index.versionsBefore(end)(start)) === undefined;
  }

  /** Looks at all versions of the bucket until it finds one. */
  anyLocked(bucket: number, now: number): boolean {
    const { start, end } = bucketRange(bucket);
    for (const { version } of this.#ledger.index.versionsBefore(end)(start)) {
      if (isLocked(version.metadata, { now })) return true;
    }
    return false;
  }

  at(record: Pick<JournalRecord, 'bucket' | 'key' | 'stamp'>): Version | undefined {
    const entry = this.#ledger.index.get(versionKey(objectPrefix(record.bucket, record.key), record.stamp));
    return entry && decodeVersionEntry(entry, record.stamp);
  }

  /** Every version, of all buckets, in the order of their keys in the index. */
  from(start: Buffer, end: Buffer): Iterable<FoundVersion> {
    return this.#ledger.index.versionsBefore(end)(start);
  }

  /** For one listing, from its first bound on. */
  scan(bucket: number): Scan {
    const latest = this.#ledger.index.latestBefore(bucketRange(bucket).end);
    return function* (bound) {
      for (const { prefix, version } of latest(startOf(bucket, bound))) {
        if (!version.deleteMarker) yield objectInfo(objectKeyOfPrefix(prefix), version);
      }
    };
  }

  /** For one listing of all versions, from its first bound on. */
  scanVersions(bucket: number): VersionScan {
    const { index } = this.#ledger;
    const versions = index.versionsBefore(bucketRange(bucket).end);
    return function* (bound) {
      for (const { prefix, version } of versions(startOf(bucket, bound))) {
        const key = objectKeyOfPrefix(prefix);
        yield { key, stamp: version.stamp, version: () => objectVersion(key, version, index.latest(prefix)) };
      }
    };
  }

  /** Where the key's records are, living and dead: a removal must outlive them. */
  span({ span, location }: Version): Span | undefined {
    return spanWith(this.#ledger, span, location);
  }

  usage(bucket: number): Usage {
    return this.#usage.get(bucket) ?? NOTHING;
  }

  add(record: JournalRecord, location: Location): void {
    const known = record.moved ? this.at(record) : undefined;
    if (known) this.#relocate(record, known, location);
    else this.#insert(record, location);
  }

  #insert(record: JournalRecord, location: Location): void {
    const { index, segments, files } = this.#ledger;
    const prefix = objectPrefix(record.bucket, record.key);
    const head = decodeVersionHead(record.head);
    const latest = index.latest(prefix);
    const replaced = head.versioned ? undefined : this.#null(prefix);
    const span = replaced && this.span(replaced);
    const version: Version = { ...head, stamp: record.stamp, location, span };
    if (replaced) this.#drop(record.bucket, prefix, replaced);
    segments.hold(location);
    files.add(version.files);
    this.#count(record.bucket, version, 1);
    index.setVersion(prefix, version.stamp, encodeVersionEntry(version, record.head));
    if (!latest || latest.stamp < version.stamp) index.setLatest(prefix, version);
  }

  /**
   * Compaction moved the record, or its metadata was changed: of a stamp, what comes
   * later in the journal counts. Its old place stays in the span until that segment is gone.
   */
  #relocate(record: JournalRecord, known: Version, location: Location): void {
    const { index, segments } = this.#ledger;
    const prefix = objectPrefix(record.bucket, record.key);
    const head = decodeVersionHead(record.head);
    const version: Version = { ...head, stamp: record.stamp, location, span: this.span(known) };
    segments.release(known.location);
    segments.hold(location);
    index.setVersion(prefix, version.stamp, encodeVersionEntry(version, record.head));
    if (index.latest(prefix)?.stamp === version.stamp) index.setLatest(prefix, version);
  }

  remove(record: JournalRecord): void {
    const { index } = this.#ledger;
    const prefix = objectPrefix(record.bucket, record.key);
    const { version: stamp } = decodeHead<RemovalHead>(record.head);
    const version = stamp === undefined ? this.#null(prefix) : this.at({ ...record, stamp });
    if (!version || version.stamp > record.stamp) return;
    this.#drop(record.bucket, prefix, version);
    if (index.latest(prefix)?.stamp === version.stamp) index.setLatest(prefix, first(index.versions(prefix)));
  }

  #drop(bucket: number, prefix: Buffer, version: Version): void {
    this.#ledger.index.setVersion(prefix, version.stamp, undefined);
    this.#ledger.segments.release(version.location);
    this.#ledger.files.remove(version.files);
    this.#count(bucket, version, -1);
  }

  #count(bucket: number, version: Version, sign: 1 | -1): void {
    if (version.deleteMarker) return;
    const { objects, bytes } = this.usage(bucket);
    this.#usage.set(bucket, { objects: objects + sign, bytes: bytes + sign * version.size });
    this.#changedUsage.add(bucket);
  }

  /** Numbers of the buckets that have entries in the index file. */
  *bucketsWithEntries(): Generator<number> {
    const { end } = bucketRange(2 ** 32 - 2);
    for (let start = bucketRange(0).start; ; ) {
      const [first] = this.#ledger.index.entries(start, end, 1);
      if (!first) return;
      yield bucketOf(first.key);
      start = bucketRange(bucketOf(first.key)).end;
    }
  }

  /**
   * Drops some entries of a deleted bucket, and says whether any were left in the
   * index file. They must have been flushed; nobody adds to a deleted bucket.
   */
  purgeStep(bucket: number): boolean {
    const { start, end } = bucketRange(bucket);
    const entries = [...this.#ledger.index.entries(start, end, PURGE_STEP)];
    for (const { key, value } of entries) {
      this.#drop(bucket, prefixOf(key), decodeVersionEntry(value, stampOf(key)));
      this.#ledger.index.setLatest(prefixOf(key), undefined);
    }
    this.forgetUsage(bucket);
    return entries.length > 0;
  }

  forgetUsage(bucket: number): void {
    this.#usage.delete(bucket);
    this.#changedUsage.add(bucket);
  }

  saveUsage(): void {
    for (const bucket of this.#changedUsage) {
      setRow(this.#ledger.index, IndexTable.usage, bucket, this.#usage.get(bucket));
    }
    this.#changedUsage.clear();
  }
}

function startOf(bucket: number, { key, edge, below }: VersionBound): Buffer {
  const prefix = objectPrefix(bucket, Buffer.from(key));
  if (below !== undefined) return versionKey(prefix, Math.max(below - 1, 0));
  if (edge === 'at') return prefix;
  return edge === 'after' ? afterKey(prefix) : afterPrefix(prefix);
}

function objectVersion(key: string, version: Version, latest: Version | undefined): ObjectVersion {
  const { stamp, deleteMarker } = version;
  return { ...objectInfo(key, version), isLatest: stamp === latest?.stamp, deleteMarker };
}

function first(versions: Iterable<FoundVersion>): Version | undefined {
  for (const { version } of versions) return version;
  return undefined;
}

import { RecentCache } from '../recent-cache.ts';
import { FoundVersion } from './found-version.ts';
import type { EntryReader, IndexEntry, IndexFile, IndexReader } from './index-file.ts';
import { bucketOf, bucketRange, bytesOf, everyBucket, type ObjectTable, textOf, versionKey } from './index-keys.ts';
import type { Version } from './version.ts';

const EVERY_STAMP = Number.MAX_SAFE_INTEGER;

interface Changed {
  readonly key: string;
  /** `undefined`: removed. */
  readonly value: Buffer | undefined;
}

/** Keys and prefixes as texts. */
class Overlay {
  /** Entries of the index; `undefined` is a removal. */
  readonly entries = new Map<string, Buffer | undefined>();
  /** Which of the entries are versions, by object prefix. */
  readonly versions = new Map<string, string[]>();
}

/** To look one up in the file and to decode it costs more than all else about a small read. */
const NEWEST_BYTES = 16 * 2 ** 20;
const NEWEST_ENTRY_BYTES = 512;

function weigh(newest: Version | null): number {
  if (!newest) return NEWEST_ENTRY_BYTES;
  const { location, files, size } = newest;
  const headBytes = location.length - (files.length === 0 ? size : 0);
  return NEWEST_ENTRY_BYTES + 4 * headBytes; // as objects and strings
}

/**
 * The index with what is not in its file yet. Changes are seen at once and reach
 * the file later, many in one transaction. A write that fails (disk full) loses
 * nothing: the changes stay in memory, and the journal has them.
 */
export class ObjectIndex implements EntryReader {
  readonly #file: IndexFile;
  #fresh = new Overlay();
  #writing: Overlay | undefined;
  #flush: Promise<void> | undefined;
  /** By object prefix, of those that were asked for last; `null` where there is none. */
  readonly #newest = new RecentCache<string, Version | null>({ limit: NEWEST_BYTES, weigh });

  constructor(file: IndexFile) {
    this.#file = file;
  }

  /** Entries that the file does not have yet. */
  get pending(): number {
    return this.#fresh.entries.size + (this.#writing?.entries.size ?? 0);
  }

  get(key: Buffer): Buffer | undefined {
    return this.#get(textOf(key));
  }

  #get(key: string): Buffer | undefined {
    for (const overlay of this.#overlays()) if (overlay.entries.has(key)) return overlay.entries.get(key);
    return this.#file.get(key);
  }

  decode<T>(value: Buffer, decoder: (value: Buffer) => T): T {
    return this.#file.decode(value, decoder);
  }

  /** The version of that stamp, of the object and the table that the prefix names. */
  find(prefix: Buffer, stamp: number): FoundVersion | undefined {
    const key = textOf(versionKey(prefix, stamp));
    const value = this.#get(key);
    return value && new FoundVersion(key, value, this.#file);
  }

  set(key: Buffer, value: Buffer | undefined): void {
    this.#fresh.entries.set(textOf(key), value);
  }

  setVersion(prefix: Buffer, stamp: number, value: Buffer | undefined): void {
    const { entries, versions } = this.#fresh;
    const text = textOf(versionKey(prefix, stamp));
    const object = textOf(prefix);
    this.#newest.delete(object);
    if (!entries.has(text)) {
      const known = versions.get(object);
      if (known) known.push(text);
      else versions.set(object, [text]);
    }
    entries.set(text, value);
  }

  /** As `find`; that it is not there is made sure of. */
  confirmed(prefix: Buffer, stamp: number): FoundVersion | undefined {
    const found = this.find(prefix, stamp);
    if (!found) this.#confirmNone(prefix, stamp, stamp - 1);
    return found;
  }

  /** As `latest`; that there is none, or none on top of others, is made sure of. */
  confirmedLatest(prefix: Buffer): Version | undefined {
    const isKnown = this.#newest.get(textOf(prefix)) !== undefined;
    const latest = this.latest(prefix);
    if (!isKnown && latest?.versioned !== false) this.#confirmNone(prefix, EVERY_STAMP, latest?.stamp ?? -1);
    return latest;
  }

  /** The file has no version of the object up to `first`, down to that of `last`. */
  #confirmNone(prefix: Buffer, first: number, last: number): void {
    if (this.#isChanged(textOf(prefix))) return;
    this.#file.confirmEmpty({ start: textOf(versionKey(prefix, first)), end: textOf(versionKey(prefix, last)) });
  }

  /** The newest version of the object, delete markers included. */
  latest(prefix: Buffer): Version | undefined {
    const object = textOf(prefix);
    let newest = this.#newest.get(object);
    if (newest === undefined) {
      newest = this.#findLatest(prefix, object) ?? null;
      this.#newest.set(object, newest);
    }
    return newest ?? undefined;
  }

  /** What `setVersion` has just set is the newest: nobody needs to look for it. */
  setLatest(prefix: Buffer, version: Version): void {
    this.#newest.set(textOf(prefix), version);
  }

  #findLatest(prefix: Buffer, object: string): Version | undefined {
    if (this.#isChanged(object)) return first(this.versions(prefix))?.version();
    const range = { start: textOf(versionKey(prefix, EVERY_STAMP)), end: textOf(versionKey(prefix, 0)), limit: 1 };
    const entry = first(this.#file.range(range));
    return entry && new FoundVersion(entry.key, entry.value, this.#file).version();
  }

  /** Not all of the object is in the file. */
  #isChanged(object: string): boolean {
    return this.#overlays().some(({ versions }) => versions.has(object));
  }

  /** All versions of the object up to that stamp, the newest first. One that is held is sure of their end. */
  versions(prefix: Buffer, upTo = EVERY_STAMP, reader: IndexReader = this.#file): Iterable<FoundVersion> {
    const object = textOf(prefix);
    const changed = new Set(this.#overlays().flatMap(({ versions }) => versions.get(object) ?? []));
    const range = { start: textOf(versionKey(prefix, upTo)), end: textOf(versionKey(prefix, 0)) };
    return this.#merged(this.#values(changed), reader.range(range), range.start);
  }

  /** For `versions` and `versionsBefore`. */
  hold(): IndexReader & Disposable {
    return this.#file.hold();
  }

  /**
   * All versions below `end`, from any start not before the first, in the order of their keys. Of one moment
   * when used without awaiting in between, or with a `reader` that was held when the first start was given.
   */
  versionsBefore(end: Buffer, reader: IndexReader = this.#file): (start: Buffer) => Iterable<FoundVersion> {
    const last = textOf(end);
    let changed: readonly Changed[] | undefined;
    return (start) => {
      const first = textOf(start);
      if (!changed) reader.confirmEmpty({ start: first, end: first }); // nothing before it is hidden behind it
      changed ??= this.#changedBetween(first, last);
      return this.#merged(changed, reader.range({ start: first, end: last }), first);
    };
  }

  #changedBetween(start: string, end: string): readonly Changed[] {
    const changed = new Set<string>();
    for (const { versions } of this.#overlays()) {
      for (const texts of versions.values()) {
        for (const text of texts) if (text >= start && text < end) changed.add(text);
      }
    }
    return this.#values(changed);
  }

  #values(changed: ReadonlySet<string>): readonly Changed[] {
    return [...changed].sort().map((key) => ({ key, value: this.#get(key) }));
  }

  /** Numbers of the buckets that have entries of the table in the file. */
  *bucketsIn(table: ObjectTable): Generator<number> {
    const { start: first, end } = everyBucket(table);
    for (let start = first; ; ) {
      const [first] = this.entries(start, end, 1);
      if (!first) return;
      yield bucketOf(first.key);
      start = bucketRange(bucketOf(first.key), table).end;
    }
  }

  /** Versions that the file holds. Flush first to see all. */
  *stored(start: Buffer, end: Buffer): Generator<FoundVersion> {
    const range = { start: textOf(start), end: textOf(end) };
    for (const { key, value } of this.#file.range(range)) yield new FoundVersion(key, value, this.#file);
  }

  /** What the file holds. Flush first to see all. */
  *entries(start: Buffer, end: Buffer, limit = Infinity): Generator<{ readonly key: Buffer; readonly value: Buffer }> {
    const range = { start: textOf(start), end: textOf(end), limit };
    for (const { key, value } of this.#file.range(range)) yield { key: bytesOf(key), value };
  }

  /**
   * Writes what has changed; `prepare` adds what belongs into the same transaction.
   * Calls that come meanwhile share the next write.
   */
  async flush(prepare: () => void): Promise<void> {
    while (this.#flush) await this.#flush.catch(() => {});
    prepare();
    if (this.#fresh.entries.size === 0) return;
    this.#flush = this.#write().finally(() => {
      this.#flush = undefined;
    });
    await this.#flush;
  }

  async #write(): Promise<void> {
    const writing = this.#fresh;
    this.#writing = writing;
    this.#fresh = new Overlay();
    try {
      await this.#file.write(writing.entries);
    } catch (error) {
      this.#fresh = merged(writing, this.#fresh);
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }

  /** `changed`, in order, is what overlays have instead of what `entries` have from `start` on. */
  *#merged(changed: readonly Changed[], entries: Iterable<IndexEntry>, start: string): Generator<FoundVersion> {
    let at = indexFrom(changed, start);
    let next = changed[at];
    for (const { key, value } of entries) {
      for (; next !== undefined && next.key < key; next = changed[++at]) {
        if (next.value) yield new FoundVersion(next.key, next.value, this.#file);
      }
      const found = next?.key === key ? next.value : value;
      if (next?.key === key) next = changed[++at];
      if (found) yield new FoundVersion(key, found, this.#file);
    }
    for (; next !== undefined; next = changed[++at]) {
      if (next.value) yield new FoundVersion(next.key, next.value, this.#file);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Newest first. */
  #overlays(): Overlay[] {
    return this.#writing ? [this.#fresh, this.#writing] : [this.#fresh];
  }
}

/** Where those from `first` on begin. */
function indexFrom(sorted: readonly Changed[], first: string): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.key ?? '') < first) low = middle + 1;
    else high = middle;
  }
  return low;
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

function merged(older: Overlay, newer: Overlay): Overlay {
  const overlay = new Overlay();
  for (const { entries, versions } of [older, newer]) {
    for (const [key, value] of entries) overlay.entries.set(key, value);
    for (const [prefix, texts] of versions) {
      overlay.versions.set(prefix, [...new Set([...(overlay.versions.get(prefix) ?? []), ...texts])]);
    }
  }
  return overlay;
}

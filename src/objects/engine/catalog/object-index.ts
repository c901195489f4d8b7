import type { IndexFile } from './index-file.ts';
import {
  bucketOf,
  bucketRange,
  everyBucket,
  IndexTable,
  prefixOf,
  stampOf,
  tableOf,
  type VersionedTable,
  versionKey,
} from './index-keys.ts';
import { decodeRetainedEntry, decodeVersionEntry, type RetainedVersion, type Version } from './version.ts';

const EVERY_STAMP = Number.MAX_SAFE_INTEGER;

/** Bytes as a string of the same order, for maps. */
const textOf = (bytes: Buffer) => bytes.toString('latin1');

class Overlay {
  /** Entries of the index; `undefined` is a removal. */
  readonly entries = new Map<string, Buffer | undefined>();
  /** Which of the entries are versions, by object prefix. */
  readonly versions = new Map<string, string[]>();
  /** The newest version of each changed key, by object prefix. */
  readonly latest = new Map<string, Version | undefined>();
}

/**
 * The index with what is not in its file yet. Changes are seen at once and reach
 * the file later, many in one transaction. A write that fails (disk full) loses
 * nothing: the changes stay in memory, and the journal has them.
 */
export class ObjectIndex {
  readonly #file: IndexFile;
  #fresh = new Overlay();
  #writing: Overlay | undefined;
  #flush: Promise<void> | undefined;

  constructor(file: IndexFile) {
    this.#file = file;
  }

  /** Entries that the file does not have yet. */
  get pending(): number {
    return this.#fresh.entries.size + (this.#writing?.entries.size ?? 0);
  }

  get(key: Buffer): Buffer | undefined {
    const text = textOf(key);
    for (const overlay of this.#overlays()) if (overlay.entries.has(text)) return overlay.entries.get(text);
    return this.#file.get(key);
  }

  set(key: Buffer, value: Buffer | undefined): void {
    this.#fresh.entries.set(textOf(key), value);
  }

  setVersion(prefix: Buffer, stamp: number, value: Buffer | undefined): void {
    const { entries, versions } = this.#fresh;
    const text = textOf(versionKey(prefix, stamp));
    if (!entries.has(text)) {
      const object = textOf(prefix);
      const known = versions.get(object);
      if (known) known.push(text);
      else versions.set(object, [text]);
    }
    entries.set(text, value);
  }

  /** The newest version of the object, delete markers included. */
  latest(prefix: Buffer): Version | undefined {
    const text = textOf(prefix);
    for (const overlay of this.#overlays()) if (overlay.latest.has(text)) return overlay.latest.get(text);
    const range = { start: versionKey(prefix, EVERY_STAMP), end: versionKey(prefix, 0), limit: 1 };
    for (const { key, value } of this.#file.range(range)) return decodeVersionEntry(value, stampOf(key));
    return undefined;
  }

  setLatest(prefix: Buffer, version: Version | undefined): void {
    this.#fresh.latest.set(textOf(prefix), version);
  }

  /** All versions of the object up to that stamp, the newest first. */
  versions(prefix: Buffer, upTo = EVERY_STAMP): Iterable<FoundVersion> {
    const object = textOf(prefix);
    const start = versionKey(prefix, upTo);
    const first = textOf(start);
    const changed = new Set(this.#overlays().flatMap(({ versions }) => versions.get(object) ?? []));
    const within = [...changed].filter((text) => text >= first).sort();
    return this.#mergeVersions(within, start, versionKey(prefix, 0));
  }

  /**
   * All versions below `end`, from any start, in the order of their keys. Of one moment
   * when used without awaiting in between.
   */
  versionsBefore(end: Buffer): (start: Buffer) => Iterable<FoundVersion> {
    const last = textOf(end);
    let changed: readonly string[] | undefined;
    return (start) => {
      const first = textOf(start);
      changed ??= this.#changedVersions(first, last);
      return this.#mergeVersions(
        changed.filter((text) => text >= first),
        start,
        end,
      );
    };
  }

  #changedVersions(start: string, end: string): readonly string[] {
    const changed = new Set<string>();
    for (const { versions } of this.#overlays()) {
      for (const texts of versions.values()) {
        for (const text of texts) if (text >= start && text < end) changed.add(text);
      }
    }
    return [...changed].sort();
  }

  /** `changed`: the keys, in order, that an overlay has an entry for. */
  *#mergeVersions(changed: readonly string[], start: Buffer, end: Buffer): Generator<FoundVersion> {
    let next = 0;
    for (const { key, value } of this.#file.range({ start, end })) {
      const text = textOf(key);
      for (; next < changed.length && (changed[next] ?? '') < text; next++) yield* this.#changedVersion(changed[next]);
      if (changed[next] === text) yield* this.#changedVersion(changed[next++]);
      else yield foundVersion(key, value);
    }
    for (; next < changed.length; next++) yield* this.#changedVersion(changed[next]);
  }

  *#changedVersion(text: string | undefined): Generator<FoundVersion> {
    if (text === undefined) return;
    const key = Buffer.from(text, 'latin1');
    const value = this.get(key);
    if (value) yield foundVersion(key, value);
  }

  /**
   * Newest versions below `end` in key order, from any start. Of one moment when used
   * without awaiting in between.
   */
  latestBefore(end: Buffer): (start: Buffer) => Iterable<FoundVersion> {
    let changed: readonly Changed[] | undefined;
    return (start) => {
      changed ??= this.#changedBetween(textOf(start), textOf(end));
      return this.#merge(changed, start, end);
    };
  }

  *#merge(changed: readonly Changed[], start: Buffer, end: Buffer): Generator<FoundVersion> {
    const from = textOf(start);
    let next = changed.findIndex(({ text }) => text >= from);
    if (next < 0) next = changed.length;
    let seen: string | undefined;
    for (const { key, value } of this.#file.range({ start, end })) {
      const prefix = prefixOf(key);
      const text = textOf(prefix);
      if (text === seen) continue;
      seen = text;
      for (; next < changed.length && (changed[next]?.text ?? '') < text; next++) yield* current(changed[next]);
      if (changed[next]?.text === text) yield* current(changed[next++]);
      else yield foundVersion(key, value);
    }
    for (; next < changed.length; next++) yield* current(changed[next]);
  }

  #changedBetween(start: string, end: string): readonly Changed[] {
    const changed = new Map<string, Version | undefined>();
    for (const overlay of this.#overlays().reverse()) {
      for (const [text, version] of overlay.latest) if (text >= start && text < end) changed.set(text, version);
    }
    return [...changed].map(([text, version]) => ({ text, version })).sort((a, b) => (a.text < b.text ? -1 : 1));
  }

  /** Numbers of the buckets that have entries of the table in the file. */
  *bucketsIn(table: VersionedTable): Generator<number> {
    const { start: first, end } = everyBucket(table);
    for (let start = first; ; ) {
      const [first] = this.entries(start, end, 1);
      if (!first) return;
      yield bucketOf(first.key);
      start = bucketRange(bucketOf(first.key), table).end;
    }
  }

  /** What the file holds. Flush first to see all. */
  entries(start: Buffer, end: Buffer, limit?: number): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    return this.#file.range(limit === undefined ? { start, end } : { start, end, limit });
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
      await this.#file.write(encoded(writing.entries));
    } catch (error) {
      this.#fresh = merged(writing, this.#fresh);
      throw error;
    } finally {
      this.#writing = undefined;
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

export interface FoundVersion {
  readonly prefix: Buffer;
  readonly version: Version & Partial<RetainedVersion>;
}

interface Changed {
  readonly text: string;
  readonly version: Version | undefined;
}

function* current(changed: Changed | undefined): Generator<FoundVersion> {
  if (changed?.version) yield { prefix: Buffer.from(changed.text, 'latin1'), version: changed.version };
}

function foundVersion(key: Buffer, value: Buffer): FoundVersion {
  const decode = tableOf(key) === IndexTable.retained ? decodeRetainedEntry : decodeVersionEntry;
  return { prefix: prefixOf(key), version: decode(value, stampOf(key)) };
}

function* encoded(entries: Overlay['entries']): Generator<readonly [Buffer, Buffer | undefined]> {
  for (const [text, value] of entries) yield [Buffer.from(text, 'latin1'), value];
}

function merged(older: Overlay, newer: Overlay): Overlay {
  const overlay = new Overlay();
  for (const { entries, versions, latest } of [older, newer]) {
    for (const [key, value] of entries) overlay.entries.set(key, value);
    for (const [prefix, texts] of versions) {
      overlay.versions.set(prefix, [...new Set([...(overlay.versions.get(prefix) ?? []), ...texts])]);
    }
    for (const [prefix, version] of latest) overlay.latest.set(prefix, version);
  }
  return overlay;
}

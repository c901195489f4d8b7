import type { VersionBound } from '../../store/listing.ts';
import { MAX_KEY_BYTES } from '../../store/names.ts';
import type { FoundVersion } from './found-version.ts';
import {
  afterKey,
  afterPrefix,
  bucketRange,
  bytesOf,
  IndexTable,
  objectPrefix,
  type VersionedTable,
  versionKey,
} from './index-keys.ts';
import type { NullTable } from './null-table.ts';
import type { ObjectIndex } from './object-index.ts';
import type { Pins } from './pins.ts';
import { decodeRetainedEntry, decodeVersionEntry, type Version } from './version.ts';
import type { WhiteoutTable } from './whiteout-table.ts';

/** From any bound on, in the order of keys, each key's newest first; of one moment when used without awaiting in between. */
type LayerScan = (bound: VersionBound) => Iterable<FoundVersion>;

/** The versions of one bucket at one moment, delete markers among them. */
export interface VersionLayer {
  newest(key: string): Version | undefined;
  at(key: string, stamp: number): Version | undefined;
  /** There is at most one; where there never were versions, it is the newest. */
  null(key: string): Version | undefined;
  /** The newest first. */
  versions(key: string): Iterable<FoundVersion>;
  scan(): LayerScan;
}

interface Present {
  readonly bucket: number;
  readonly nulls: NullTable;
}

/** A bucket's own versions, as they are now. */
export class PresentLayer implements VersionLayer {
  readonly #index: ObjectIndex;
  readonly #bucket: number;
  readonly #nulls: NullTable;

  constructor(index: ObjectIndex, { bucket, nulls }: Present) {
    this.#index = index;
    this.#bucket = bucket;
    this.#nulls = nulls;
  }

  newest(key: string): Version | undefined {
    return this.#index.latest(objectPrefix(this.#bucket, Buffer.from(key)));
  }

  at(key: string, stamp: number): Version | undefined {
    const entry = this.#index.get(versionKey(objectPrefix(this.#bucket, Buffer.from(key)), stamp));
    return entry && decodeVersionEntry(entry, stamp);
  }

  null(key: string): Version | undefined {
    return this.#nulls.find(objectPrefix(this.#bucket, Buffer.from(key)));
  }

  versions(key: string): Iterable<FoundVersion> {
    return this.#index.versions(objectPrefix(this.#bucket, Buffer.from(key)));
  }

  scan(): LayerScan {
    const versions = this.#index.versionsBefore(bucketRange(this.#bucket).end);
    return (bound) => versions(startOf(this.#bucket, bound));
  }
}

interface Past extends Present {
  /** The last stamp that counts. */
  readonly moment: number;
  readonly pins: Pins;
}

/**
 * A bucket's own versions as they were at a moment. What has gone since is seen as long
 * as a pin of then or later had it: whatever has been dropped meanwhile, and in a rebuilt
 * index too, the answer is the same.
 */
export class PastLayer implements VersionLayer {
  readonly #index: ObjectIndex;
  readonly #past: Past;

  constructor(index: ObjectIndex, past: Past) {
    this.#index = index;
    this.#past = past;
  }

  newest(key: string): Version | undefined {
    for (const newest of this.versions(key)) return newest.version();
    return undefined;
  }

  at(key: string, stamp: number): Version | undefined {
    if (stamp > this.#past.moment) return undefined;
    const bytes = Buffer.from(key);
    const present = this.#index.get(versionKey(this.#prefix(bytes, IndexTable.version), stamp));
    if (present) return decodeVersionEntry(present, stamp);
    const retained = this.#index.get(versionKey(this.#prefix(bytes, IndexTable.retained), stamp));
    const version = retained && decodeRetainedEntry(retained, stamp);
    return version && this.#shows(version) ? version : undefined;
  }

  /** One that is still there was there since it began; of those that are gone, what began before the last was over. */
  null(key: string): Version | undefined {
    const bytes = Buffer.from(key);
    const { moment, nulls } = this.#past;
    const present = nulls.find(this.#prefix(bytes, IndexTable.version));
    if (present && present.stamp <= moment) return present;
    for (const found of this.#index.versions(this.#prefix(bytes, IndexTable.retained), moment)) {
      if (!found.versioned) return this.#shows(found) ? found.version() : undefined;
    }
    return undefined;
  }

  versions(key: string): Iterable<FoundVersion> {
    const bytes = Buffer.from(key);
    const { moment } = this.#past;
    const present = this.#index.versions(this.#prefix(bytes, IndexTable.version), moment);
    return this.#merged(present, this.#index.versions(this.#prefix(bytes, IndexTable.retained), moment));
  }

  scan(): LayerScan {
    const { bucket } = this.#past;
    const present = this.#index.versionsBefore(bucketRange(bucket).end);
    const retained = this.#index.versionsBefore(bucketRange(bucket, IndexTable.retained).end);
    return (bound) =>
      this.#merged(present(startOf(bucket, bound)), retained(startOf(bucket, bound, IndexTable.retained)));
  }

  #merged(present: Iterable<FoundVersion>, retained: Iterable<FoundVersion>): Iterable<FoundVersion> {
    return filtered(merged(present, retained), (one) => this.#shows(one));
  }

  #shows({ stamp, until }: Pick<FoundVersion, 'stamp' | 'until'>): boolean {
    const { bucket, moment, pins } = this.#past;
    return stamp <= moment && (until === undefined || pins.isPinned(bucket, moment, until));
  }

  #prefix(key: Buffer, table: VersionedTable): Buffer {
    return objectPrefix(this.#past.bucket, key, table);
  }
}

interface Fork {
  readonly bucket: number;
  /** The last stamp that counts. */
  readonly moment: number;
  /** What is younger is the fork's own. */
  readonly began: number;
  readonly whiteouts: WhiteoutTable;
}

/** A fork's own versions before those of its base that it does not hide. */
export class ForkLayer implements VersionLayer {
  readonly #own: VersionLayer;
  readonly #base: VersionLayer;
  readonly #fork: Fork;

  constructor(own: VersionLayer, base: VersionLayer, fork: Fork) {
    this.#own = own;
    this.#base = base;
    this.#fork = fork;
  }

  newest(key: string): Version | undefined {
    const own = this.#own.newest(key);
    if (own && own.stamp > this.#fork.began) return own;
    for (const newest of this.versions(key)) return newest.version();
    return undefined;
  }

  at(key: string, stamp: number): Version | undefined {
    const own = this.#own.at(key, stamp);
    return own ?? (this.#hides(Buffer.from(key), stamp) ? undefined : this.#base.at(key, stamp));
  }

  null(key: string): Version | undefined {
    const own = this.#own.null(key);
    if (own) return own;
    const base = this.#base.null(key);
    return base && !this.#hides(Buffer.from(key), base.stamp) ? base : undefined;
  }

  versions(key: string): Iterable<FoundVersion> {
    return merged(this.#own.versions(key), this.#shown(this.#base.versions(key)));
  }

  scan(): LayerScan {
    const own = this.#own.scan();
    const base = this.#base.scan();
    return (bound) => merged(own(bound), this.#shown(base(bound)));
  }

  #shown(base: Iterable<FoundVersion>): Iterable<FoundVersion> {
    return filtered(base, ({ name, stamp }) => !this.#hides(bytesOf(name), stamp));
  }

  #hides(key: Buffer, stamp: number): boolean {
    const { bucket, moment, whiteouts } = this.#fork;
    return whiteouts.hides(bucket, key, { stamp, at: moment });
  }
}

/** One byte more than any key has: where a listing begins is the same with what follows, and without. */
const MAX_BOUND_BYTES = MAX_KEY_BYTES + 1;

function startOf(bucket: number, { key, edge, below }: VersionBound, table?: VersionedTable): Buffer {
  const prefix = objectPrefix(bucket, Buffer.from(key).subarray(0, MAX_BOUND_BYTES), table);
  if (below !== undefined) return versionKey(prefix, Math.max(below - 1, 0));
  if (edge === 'at') return prefix;
  return edge === 'after' ? afterKey(prefix) : afterPrefix(prefix);
}

function* filtered(found: Iterable<FoundVersion>, shows: (one: FoundVersion) => boolean): Generator<FoundVersion> {
  for (const one of found) if (shows(one)) yield one;
}

/** Both in the order of keys, each key's newest first; so is what comes out. What both have is taken from `a`. */
function* merged(a: Iterable<FoundVersion>, b: Iterable<FoundVersion>): Generator<FoundVersion> {
  const others = b[Symbol.iterator]();
  try {
    let other = others.next();
    for (const one of a) {
      for (; !other.done && compare(other.value, one) < 0; other = others.next()) yield other.value;
      if (!other.done && compare(other.value, one) === 0) other = others.next();
      yield one;
    }
    for (; !other.done; other = others.next()) yield other.value;
  } finally {
    others.return?.();
  }
}

function compare(a: FoundVersion, b: FoundVersion): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return b.stamp - a.stamp;
}

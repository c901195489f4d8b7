import type { VersionBound } from '../../store/listing.ts';
import { MAX_KEY_BYTES } from '../../store/names.ts';
import type { FoundVersion } from './found-version.ts';
import type { IndexReader } from './index-file.ts';
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
import type { PinStamps, Pins } from './pins.ts';
import type { Version } from './version.ts';
import type { WhiteoutTable } from './whiteout-table.ts';

/** `undefined` is one that does not show. */
export type Found = FoundVersion | undefined;

/** From any bound on, in the order of keys, each key's newest first. */
type LayerScan = (bound: VersionBound) => Iterable<Found>;

export interface LayerScanOptions {
  /** No key without it is wanted. */
  readonly prefix?: string | undefined;
  /** Held in the turn in which the scan is made and has its first bound: of one moment then, also with awaiting in between. */
  readonly reader?: IndexReader | undefined;
}

/** The versions of one bucket at one moment, delete markers among them. */
export interface VersionLayer {
  newest(key: string): Version | undefined;
  at(key: string, stamp: number): Version | undefined;
  /** There is at most one; where there never were versions, it is the newest. */
  null(key: string): Version | undefined;
  /** The newest first. With a reader that is held, that there is none is made sure of. */
  versions(key: string, reader?: IndexReader): Iterable<Found>;
  scan(options?: LayerScanOptions): LayerScan;
  /** The pins by which it shows what is gone; `undefined` where there is none. */
  pinned(): readonly (number | undefined)[];
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
    return this.#index.confirmedLatest(objectPrefix(this.#bucket, Buffer.from(key)));
  }

  at(key: string, stamp: number): Version | undefined {
    return this.#index.confirmed(objectPrefix(this.#bucket, Buffer.from(key)), stamp)?.version();
  }

  null(key: string): Version | undefined {
    return this.#nulls.find(objectPrefix(this.#bucket, Buffer.from(key)));
  }

  versions(key: string, reader?: IndexReader): Iterable<FoundVersion> {
    return this.#index.versions(objectPrefix(this.#bucket, Buffer.from(key)), undefined, reader);
  }

  scan({ prefix, reader }: LayerScanOptions = {}): LayerScan {
    const versions = this.#index.versionsBefore(endOf(this.#bucket, prefix), reader);
    return (bound) => versions(startOf(this.#bucket, bound));
  }

  pinned(): readonly undefined[] {
    return [];
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
    return newestOf(this, key, this.#index);
  }

  at(key: string, stamp: number): Version | undefined {
    if (stamp > this.#past.moment) return undefined;
    const bytes = Buffer.from(key);
    const prefix = this.#prefix(bytes, IndexTable.version);
    const present = this.#index.find(prefix, stamp);
    if (present) return present.version();
    const retained = this.#index.confirmed(this.#prefix(bytes, IndexTable.retained), stamp);
    if (!retained) return this.#index.confirmed(prefix, stamp)?.version();
    return this.#shows(retained, this.#pins()) ? retained.version() : undefined;
  }

  /** One that is still there was there since it began; of those that are gone, what began before the last was over. */
  null(key: string): Version | undefined {
    const bytes = Buffer.from(key);
    const { moment, nulls } = this.#past;
    const present = nulls.find(this.#prefix(bytes, IndexTable.version));
    if (present && present.stamp <= moment) return present;
    for (const found of this.#index.versions(this.#prefix(bytes, IndexTable.retained), moment)) {
      if (!found.versioned) return this.#shows(found, this.#pins()) ? found.version() : undefined;
    }
    return undefined;
  }

  versions(key: string, reader?: IndexReader): Iterable<Found> {
    const bytes = Buffer.from(key);
    const { moment } = this.#past;
    const present = this.#index.versions(this.#prefix(bytes, IndexTable.version), moment, reader);
    const retained = this.#index.versions(this.#prefix(bytes, IndexTable.retained), moment, reader);
    return this.#merged(present, retained, this.#pins());
  }

  scan({ prefix, reader }: LayerScanOptions = {}): LayerScan {
    const { bucket } = this.#past;
    const present = this.#index.versionsBefore(endOf(bucket, prefix), reader);
    const retained = this.#index.versionsBefore(endOf(bucket, prefix, IndexTable.retained), reader);
    const pins = this.#pins();
    return (bound) => {
      const start = startOf(bucket, bound, IndexTable.retained);
      return this.#merged(present(startOf(bucket, bound)), retained(start), pins);
    };
  }

  #merged(present: Iterable<FoundVersion>, retained: Iterable<FoundVersion>, pins: PinStamps): Iterable<Found> {
    return filtered(merged(present, retained), (one) => this.#shows(one, pins));
  }

  #shows({ stamp, until }: Pick<FoundVersion, 'stamp' | 'until'>, pins: PinStamps): boolean {
    const { moment } = this.#past;
    return stamp <= moment && (until === undefined || pins.isAny(moment, until));
  }

  pinned(): readonly (number | undefined)[] {
    return [this.#pins().first(this.#past.moment)];
  }

  #pins(): PinStamps {
    return this.#past.pins.of(this.#past.bucket);
  }

  #prefix(key: Buffer, table: VersionedTable): Buffer {
    return objectPrefix(this.#past.bucket, key, table);
  }
}

interface Fork {
  readonly own: VersionLayer;
  readonly base: VersionLayer;
  readonly bucket: number;
  /** The last stamp that counts. */
  readonly moment: number;
  /** What is younger is the fork's own. */
  readonly began: number;
  readonly whiteouts: WhiteoutTable;
}

/** A fork's own versions before those of its base that it does not hide. */
export class ForkLayer implements VersionLayer {
  readonly #index: ObjectIndex;
  readonly #own: VersionLayer;
  readonly #base: VersionLayer;
  readonly #fork: Fork;

  constructor(index: ObjectIndex, fork: Fork) {
    this.#index = index;
    this.#own = fork.own;
    this.#base = fork.base;
    this.#fork = fork;
  }

  newest(key: string): Version | undefined {
    const own = this.#own.newest(key);
    if (own && own.stamp > this.#fork.began) return own;
    return newestOf(this, key, this.#index);
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

  versions(key: string, reader?: IndexReader): Iterable<Found> {
    return merged(this.#own.versions(key, reader), this.#shown(this.#base.versions(key, reader)));
  }

  scan(options?: LayerScanOptions): LayerScan {
    const own = this.#own.scan(options);
    const base = this.#base.scan(options);
    return (bound) => merged(own(bound), this.#shown(base(bound)));
  }

  pinned(): readonly (number | undefined)[] {
    return [...this.#own.pinned(), ...this.#base.pinned()];
  }

  #shown(base: Iterable<Found>): Iterable<Found> {
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

function endOf(bucket: number, prefix: string | undefined, table?: VersionedTable): Buffer {
  if (!prefix) return bucketRange(bucket, table).end;
  return afterPrefix(objectPrefix(bucket, Buffer.from(prefix).subarray(0, MAX_BOUND_BYTES), table));
}

function* filtered(found: Iterable<Found>, shows: (one: FoundVersion) => boolean): Generator<Found> {
  for (const one of found) yield one && shows(one) ? one : undefined;
}

/** That there is none is made sure of by a second look, which costs those nothing who find it. */
function newestOf(layer: VersionLayer, key: string, index: ObjectIndex): Version | undefined {
  const newest = firstOf(layer.versions(key));
  if (newest) return newest.version();
  using reader = index.hold();
  return firstOf(layer.versions(key, reader))?.version();
}

function firstOf(found: Iterable<Found>): Found {
  for (const one of found) if (one) return one;
  return undefined;
}

/** Both in the order of keys, each key's newest first; so is what comes out. What both have is taken from `a`. */
function* merged(a: Iterable<Found>, b: Iterable<Found>): Generator<Found> {
  const others = b[Symbol.iterator]();
  try {
    let other = others.next();
    for (const one of a) {
      for (; one && !other.done && compare(other.value, one) < 0; other = others.next()) yield other.value;
      if (one && !other.done && compare(other.value, one) === 0) other = others.next();
      yield one;
    }
    for (; !other.done; other = others.next()) yield other.value;
  } finally {
    others.return?.();
  }
}

/** What does not show has no place, and comes first. */
function compare(a: Found, b: FoundVersion): number {
  if (!a) return -1;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return b.stamp - a.stamp;
}

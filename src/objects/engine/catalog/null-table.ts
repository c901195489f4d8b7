import { readUint64, writeUint64 } from '../uint64.ts';
import type { FoundVersion } from './found-version.ts';
import { bucketOf, bucketRange, IndexTable, nullKey, versionKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';
import type { Version } from './version.ts';

const PURGE_STEP = 1000;
const FIND_STEP = 1000;
const NEXT = Buffer.of(0);

/**
 * Which version is the null version of a key, where others have come on top of it: there may be any number. What
 * is found is looked at, so an entry that has outlived its version does no harm.
 */
export class NullTable {
  readonly #index: ObjectIndex;
  /** Buckets that may have entries: where nobody has turned versioning on, none has. */
  readonly #buckets: Set<number>;

  constructor(index: ObjectIndex) {
    this.#index = index;
    this.#buckets = new Set(index.bucketsIn(IndexTable.null));
  }

  /** There is at most one; where there never were versions, it is the newest. */
  find(prefix: Buffer): Version | undefined {
    const latest = this.#index.latest(prefix);
    return latest?.versioned ? this.#covered(prefix) : latest;
  }

  #covered(prefix: Buffer): Version | undefined {
    const entry = this.#index.get(nullKey(prefix));
    const stamp = entry && this.#index.decode(entry, (bytes) => readUint64(bytes, 0));
    const version = stamp === undefined ? undefined : this.#index.find(prefix, stamp)?.version();
    return version?.versioned ? undefined : version;
  }

  /** `latest`: the newest before. A rebuild also meets null versions after what came on top of them. */
  added(prefix: Buffer, { stamp, versioned }: Pick<Version, 'stamp' | 'versioned'>, latest: Version | undefined): void {
    if (!latest) return;
    if (!versioned && latest.stamp > stamp) this.#set(prefix, stamp);
    if (versioned && !latest.versioned && latest.stamp < stamp) this.#set(prefix, latest.stamp);
  }

  /** The null version of the key is gone. */
  removed(prefix: Buffer): void {
    const key = nullKey(prefix);
    if (this.#buckets.has(bucketOf(key)) && this.#index.get(key)) this.#index.set(key, undefined);
  }

  #set(prefix: Buffer, stamp: number): void {
    const value = Buffer.allocUnsafe(8);
    writeUint64(value, stamp, 0);
    this.#buckets.add(bucketOf(prefix));
    this.#index.set(nullKey(prefix), value);
  }

  /** Finds those of a bucket in an index that does not have them. Each step may be flushed before the next. */
  *findAll(bucket: number): Generator<void> {
    const { start, end } = bucketRange(bucket);
    let name: string | undefined;
    for (let from: Buffer | undefined = start; from; yield) {
      let seen = 0;
      const versions: Iterable<FoundVersion> = this.#index.versionsBefore(end)(from);
      from = undefined;
      for (const found of versions) {
        if (found.name === name && !found.versioned) this.#set(found.prefix, found.stamp);
        name = found.name;
        if (++seen < FIND_STEP) continue;
        from = Buffer.concat([versionKey(found.prefix, found.stamp), NEXT]);
        break;
      }
    }
  }

  /** As `VersionTable.purgeStep`. */
  purgeStep(bucket: number): boolean {
    const { start, end } = bucketRange(bucket, IndexTable.null);
    const entries = [...this.#index.entries(start, end, PURGE_STEP)];
    for (const { key } of entries) this.#index.set(key, undefined);
    return entries.length > 0;
  }
}

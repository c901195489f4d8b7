import { type Bound, compareKeys, type Scan, type VersionScan } from '../store/listing.ts';
import type { ObjectInfo, ObjectVersion } from '../store/object.ts';
import { isLocked } from '../store/object-lock.ts';
import { NULL_VERSION } from '../store/version-id.ts';

export interface MemoryVersion {
  readonly stamp: number;
  readonly info: ObjectInfo;
  readonly bytes: Buffer;
  readonly deleteMarker: boolean;
  readonly customerKey?: Uint8Array | undefined;
}

/** The versions of a bucket's objects, in memory. */
export class MemoryVersions {
  /** Of each key the newest first; none is empty. */
  readonly #byKey = new Map<string, readonly MemoryVersion[]>();

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** All of a key, the newest first. */
  of(key: string): readonly MemoryVersion[] {
    return this.#byKey.get(key) ?? [];
  }

  /** `undefined` also behind a delete marker. */
  current(key: string): MemoryVersion | undefined {
    return currentOf(this.of(key));
  }

  named(key: string, versionId: string): MemoryVersion | undefined {
    return this.of(key).find(({ info }) => info.versionId === versionId);
  }

  /** As the contract shows it: the version of that id, or the newest. */
  find(key: string, versionId: string | undefined): ObjectVersion | undefined {
    const [latest] = this.of(key);
    const found = versionId === undefined ? latest : this.named(key, versionId);
    return found && listed(found, found === latest);
  }

  anyLocked(now: number): boolean {
    return [...this.#byKey.values()].flat().some(({ info }) => isLocked(info.metadata, { now }));
  }

  usage(): { readonly objects: number; readonly bytes: number } {
    const stored = [...this.#byKey.values()].flat().filter(({ deleteMarker }) => !deleteMarker);
    return { objects: stored.length, bytes: stored.reduce((sum, { info }) => sum + info.size, 0) };
  }

  /** On top; the null version takes the place of the one before. */
  add(version: MemoryVersion): void {
    const { key, versionId } = version.info;
    const kept = this.of(key).filter(({ info }) => versionId !== NULL_VERSION || info.versionId !== NULL_VERSION);
    this.#byKey.set(key, [version, ...kept]);
  }

  /** `version` stands for the one of the same stamp. */
  replace(version: MemoryVersion): void {
    const { key } = version.info;
    this.#set(
      key,
      this.of(key).map((one) => (one.stamp === version.stamp ? version : one)),
    );
  }

  remove(key: string, version: MemoryVersion | undefined): void {
    this.#set(
      key,
      this.of(key).filter((one) => one !== version),
    );
  }

  /** Of this moment; what happens here later does not show in it. */
  copy(): MemoryVersions {
    const copy = new MemoryVersions();
    for (const [key, versions] of this.#byKey) copy.#byKey.set(key, versions);
    return copy;
  }

  /** Those of all that are wanted, each once. */
  joined(others: readonly MemoryVersions[], isWanted: (version: MemoryVersion) => boolean): MemoryVersions {
    const joined = new MemoryVersions();
    const all = [this, ...others];
    for (const key of new Set(all.flatMap((versions) => [...versions.#byKey.keys()]))) {
      const byStamp = new Map<number, MemoryVersion>();
      for (const version of all.flatMap((versions) => versions.of(key))) {
        if (isWanted(version) && !byStamp.has(version.stamp)) byStamp.set(version.stamp, version);
      }
      joined.#set(
        key,
        [...byStamp.values()].sort((a, b) => b.stamp - a.stamp),
      );
    }
    return joined;
  }

  /** Those that are not in `base`. */
  without(base: MemoryVersions): MemoryVersions {
    const rest = new MemoryVersions();
    for (const [key, versions] of this.#byKey) {
      rest.#set(
        key,
        versions.filter((version) => !base.of(key).includes(version)),
      );
    }
    return rest;
  }

  #set(key: string, versions: readonly MemoryVersion[]): void {
    if (versions.length > 0) this.#byKey.set(key, versions);
    else this.#byKey.delete(key);
  }

  scan(): Scan {
    const objects = [...this.#byKey.values()]
      .flatMap((versions) => currentOf(versions)?.info ?? [])
      .map(({ key, size, etag, lastModified, metadata: { headers } }) => ({ key, size, etag, lastModified, headers }))
      .sort((a, b) => compareKeys(a.key, b.key));
    return (bound) => objects.filter(({ key }) => isBeyond(key, bound));
  }

  scanVersions(): VersionScan {
    const all = [...this.#byKey]
      .sort(([a], [b]) => compareKeys(a, b))
      .flatMap(([key, ofKey]) =>
        ofKey.map((version, i) => ({ key, ...version, version: () => listed(version, i === 0) })),
      );
    return (bound) =>
      all.filter(
        ({ key, stamp }) => isBeyond(key, bound) && !(key === bound.key && stamp >= (bound.below ?? Infinity)),
      );
  }
}

function currentOf([newest]: readonly MemoryVersion[]): MemoryVersion | undefined {
  return newest?.deleteMarker ? undefined : newest;
}

function listed({ info, deleteMarker }: MemoryVersion, isLatest: boolean): ObjectVersion {
  return { ...info, isLatest, deleteMarker };
}

function isBeyond(key: string, { key: bound, edge }: Bound): boolean {
  if (edge === 'after-prefix' && key.startsWith(bound)) return false;
  const order = compareKeys(key, bound);
  return edge === 'at' ? order >= 0 : order > 0;
}

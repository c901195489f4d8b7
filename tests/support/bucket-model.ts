import type { Versioning } from '../../src/objects/store/bucket.ts';
import { compareKeys } from '../../src/objects/store/listing.ts';

/** `bytes`: none for a delete marker. */
export interface ModelVersion {
  readonly versionId: string;
  readonly bytes: Buffer | undefined;
  /** A header that is changed in place. */
  readonly tag?: string | undefined;
  /** The bucket that it was written in. */
  readonly owner: BucketModel;
}

/** Of each key the newest first; none is empty. */
export type ModelKeys = Map<string, readonly ModelVersion[]>;

interface ModelOptions {
  readonly name: string;
  readonly versioning?: Versioning;
  readonly base?: { readonly bucket: BucketModel; readonly keys: ModelKeys };
}

/** A bucket as plain maps: a snapshot is a copy, a fork is a copy. */
export class BucketModel {
  readonly name: string;
  readonly base: ModelOptions['base'];
  readonly forks = new Set<BucketModel>();
  readonly snapshots = new Map<string, ModelKeys>();
  keys: ModelKeys;
  versioning: Versioning;

  constructor({ name, versioning = 'disabled', base }: ModelOptions) {
    this.name = name;
    this.versioning = versioning;
    this.base = base;
    this.keys = new Map(base?.keys);
    base?.bucket.forks.add(this);
  }

  fork(name: string, keys: ModelKeys): BucketModel {
    return new BucketModel({ name, versioning: this.versioning, base: { bucket: this, keys: new Map(keys) } });
  }

  versions(key: string): readonly ModelVersion[] {
    return this.keys.get(key) ?? [];
  }

  /** The null version takes the place of the one before. */
  add(key: string, version: Omit<ModelVersion, 'owner'>): void {
    const kept = this.versions(key).filter(({ versionId }) => version.versionId !== 'null' || versionId !== 'null');
    this.keys.set(key, [{ ...version, owner: this }, ...kept]);
  }

  remove(key: string, gone: ModelVersion): void {
    const left = this.versions(key).filter((version) => version !== gone);
    if (left.length > 0) this.keys.set(key, left);
    else this.keys.delete(key);
  }

  /** Copies show it, too; but not those of the bucket that this one is a fork of. */
  tag(key: string, version: ModelVersion, tag: string | undefined): void {
    this.#replace(key, version, { ...version, tag, owner: this });
  }

  #replace(key: string, before: ModelVersion, after: ModelVersion): void {
    for (const keys of [this.keys, ...this.snapshots.values()]) replaceIn(keys, key, [before, after]);
    for (const fork of this.forks) {
      if (fork.base) replaceIn(fork.base.keys, key, [before, after]);
      fork.#replace(key, before, after);
    }
  }

  /** What only snapshots and forks of the bucket show of what was written in it. */
  retained(): readonly ModelVersion[] {
    const copies = [...this.snapshots.values(), ...[...this.forks].map(({ base }) => base?.keys ?? new Map())];
    const kept = copies.flatMap((keys) => [...keys.values()].flat()) as ModelVersion[];
    const shown = new Set([...this.keys.values()].flat());
    return [...new Set(kept)].filter((version) => version.owner === this && !shown.has(version));
  }
}

function replaceIn(keys: ModelKeys, key: string, [before, after]: readonly [ModelVersion, ModelVersion]): void {
  const versions = keys.get(key)?.map((version) => (version === before ? after : version));
  if (versions) keys.set(key, versions);
}

export function sortedKeys(keys: ModelKeys): readonly string[] {
  return [...keys.keys()].sort(compareKeys);
}

export function usageOf(versions: readonly ModelVersion[]): { readonly objects: number; readonly bytes: number } {
  const stored = versions.filter(({ bytes }) => bytes);
  return { objects: stored.length, bytes: stored.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0) };
}

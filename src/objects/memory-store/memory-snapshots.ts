import { snapshotErrors } from '../store/errors/snapshot-errors.ts';
import type { Moment, Snapshot } from '../store/snapshot.ts';
import { checkNewSnapshot, findByName } from '../store/snapshot-names.ts';
import type { MemoryVersions } from './memory-versions.ts';

/** A copy of what the bucket held. */
interface Pin {
  readonly createdAt: number;
  readonly versions: MemoryVersions;
}

/** Copies of what a bucket held at some moments: its snapshots, and what its forks began with. */
export class MemorySnapshots {
  readonly #bucket: string;
  readonly #snapshots = new Map<string, Pin & { readonly info: Snapshot }>();
  readonly #forks = new Map<string, Pin>();

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  all(): readonly Snapshot[] {
    return [...this.#snapshots.values()].map(({ info }) => info);
  }

  get hasForks(): boolean {
    return this.#forks.size > 0;
  }

  add(snapshot: Omit<Snapshot, 'objects' | 'bytes'>, versions: MemoryVersions): Snapshot {
    checkNewSnapshot(this.#bucket, this.all(), snapshot.name);
    const info = { ...snapshot, ...versions.usage() };
    this.#snapshots.set(info.id, { createdAt: info.createdAt, versions: versions.copy(), info });
    return info;
  }

  remove(idOrName: string): void {
    this.#snapshots.delete(this.get(idOrName).info.id);
  }

  addFork(name: string, pin: Pin): void {
    this.#forks.set(name, pin);
  }

  removeFork(name: string): void {
    this.#forks.delete(name);
  }

  /** @throws HoldfastError `snapshot.not-found` */
  get(idOrName: string): Pin & { readonly info: Snapshot } {
    const found = this.#snapshots.get(findByName(this.all(), idOrName)?.id ?? '');
    if (!found) throw snapshotErrors.notFound(this.#bucket, idOrName);
    return found;
  }

  /** By which copy the moment shows what is gone; empty where there is none. */
  pinsAt({ at = Number.POSITIVE_INFINITY }: Moment): string {
    const later = this.#after(at).map(({ createdAt }) => createdAt);
    return later.length > 0 ? String(Math.min(...later)) : '';
  }

  #after(at: number): readonly Pin[] {
    return [...this.#snapshots.values(), ...this.#forks.values()].filter(({ createdAt }) => createdAt > at);
  }

  /** What there was at the moment, of what the bucket and its copies of later still have. */
  versionsAt(present: MemoryVersions, { snapshot, at }: Moment): MemoryVersions {
    if (snapshot !== undefined && at !== undefined) throw snapshotErrors.ambiguousMoment();
    if (snapshot !== undefined) return this.get(snapshot).versions;
    if (at === undefined) return present;
    return present.joined(
      this.#after(at).map(({ versions }) => versions),
      (version) => version.info.lastModified <= at,
    );
  }
}

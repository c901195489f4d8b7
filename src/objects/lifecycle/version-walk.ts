import type { ObjectVersion } from '../store/object.ts';

export interface WalkedVersion {
  readonly version: ObjectVersion;
  /** Of a noncurrent version: when a newer one took its place. */
  readonly since: number | undefined;
  /**
   * How many noncurrent versions are newer. Before an object delete markers do not count: who wants to keep
   * some old versions does not want them to go for markers, which hold nothing.
   */
  readonly newer: number;
  /** No other version of its key exists. */
  readonly isOnly: boolean;
}

/**
 * Says of each version in a listing, which is sorted by key and from new to old, how it
 * stands among those of its key. Pages may cut a key in two: the last version of a page
 * waits for what follows it.
 */
export class VersionWalk {
  #waiting: ObjectVersion | undefined;
  #since: number | undefined;
  #newerObjects = 0;
  #newerMarkers = 0;

  *add(versions: readonly ObjectVersion[]): Generator<WalkedVersion> {
    for (const version of versions) {
      if (this.#waiting) yield this.#told(this.#waiting, version);
      this.#waiting = version;
    }
  }

  *end(): Generator<WalkedVersion> {
    if (this.#waiting) yield this.#told(this.#waiting, undefined);
    this.#waiting = undefined;
  }

  #told(version: ObjectVersion, next: ObjectVersion | undefined): WalkedVersion {
    const since = version.isLatest ? undefined : this.#since;
    const isLast = next?.key !== version.key;
    const newer = this.#newerObjects + (version.deleteMarker ? this.#newerMarkers : 0);
    const told = { version, since, newer, isOnly: version.isLatest && isLast };
    if (isLast) this.#newerObjects = this.#newerMarkers = 0;
    else if (!version.isLatest && version.deleteMarker) this.#newerMarkers++;
    else if (!version.isLatest) this.#newerObjects++;
    this.#since = isLast ? undefined : version.lastModified;
    return told;
  }
}

import type { ObjectVersion } from '../store/object.ts';

export interface WalkedVersion {
  readonly version: ObjectVersion;
  /** Of a noncurrent version: when a newer one took its place, and how many noncurrent ones are newer. */
  readonly since: number | undefined;
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
  #newer = 0;

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
    const told = { version, since, newer: this.#newer, isOnly: version.isLatest && isLast };
    this.#newer = isLast ? 0 : this.#newer + (version.isLatest ? 0 : 1);
    this.#since = isLast ? undefined : version.lastModified;
    return told;
  }
}

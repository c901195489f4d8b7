/** What a bucket's row says of moments that have to stay readable. */
export interface PinnedMoments {
  readonly snapshots: readonly { readonly stamp: number }[];
  /** Of a fork. */
  readonly base?: { readonly bucket: number; readonly stamp: number } | undefined;
}

/** Of one bucket, as they were when they were asked for: what is deleted later is among them. */
export class PinStamps {
  /** Ascending. */
  readonly #stamps: readonly number[];

  constructor(stamps: readonly number[]) {
    this.#stamps = stamps;
  }

  /** Whether there is one from `from` on, before `until`. */
  isAny(from: number, until: number): boolean {
    return (this.first(from) ?? until) < until;
  }

  /** From `from` on: it has whatever a later one has of then. */
  first(from: number): number | undefined {
    let low = 0;
    for (let high = this.#stamps.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.#stamps[middle] ?? 0) < from) low = middle + 1;
      else high = middle;
    }
    return this.#stamps[low];
  }
}

const NONE: PinnedMoments = { snapshots: [] };

/**
 * The moments of each bucket that have to stay readable: its snapshots, and where its
 * forks began. Pins are only ever made of the present, or where there is one already:
 * a version that no pin needed when it ended is never needed again.
 */
export class Pins {
  readonly #rows = new Map<number, PinnedMoments>();
  readonly #forks = new Map<number, Map<number, number>>();
  readonly #stamps = new Map<number, PinStamps>();

  /** Returns the buckets that may have lost one. */
  update(bucket: number, after: PinnedMoments = NONE): readonly number[] {
    const before = this.#rows.get(bucket) ?? NONE;
    this.#rows.set(bucket, after);
    if (after === NONE) this.#rows.delete(bucket);
    this.#stamps.delete(bucket);
    const lost = after.snapshots.length < before.snapshots.length ? [bucket] : [];
    const base = (after.base ?? before.base)?.bucket;
    if (base === undefined) return lost;
    this.#setFork(base, bucket, after.base?.stamp);
    return after.base ? lost : [...lost, base];
  }

  #setFork(base: number, fork: number, stamp: number | undefined): void {
    const forks = this.#forks.get(base) ?? new Map<number, number>();
    if (stamp === undefined) forks.delete(fork);
    else forks.set(fork, stamp);
    if (forks.size > 0) this.#forks.set(base, forks);
    else this.#forks.delete(base);
    this.#stamps.delete(base);
  }

  hasForks(bucket: number): boolean {
    return this.#forks.has(bucket);
  }

  of(bucket: number): PinStamps {
    const known = this.#stamps.get(bucket);
    if (known) return known;
    const snapshots = this.#rows.get(bucket)?.snapshots.map(({ stamp }) => stamp) ?? [];
    const sorted = [...snapshots, ...(this.#forks.get(bucket)?.values() ?? [])].sort((a, b) => a - b);
    const stamps = new PinStamps(sorted);
    this.#stamps.set(bucket, stamps);
    return stamps;
  }
}

import type { Usage } from './bucket.ts';

/** What a bucket held at one moment, for as long as the snapshot is not deleted. */
export interface Snapshot extends Usage {
  readonly id: string;
  readonly name?: string | undefined;
  readonly createdAt: number;
}

/** When to read as of; absent: now. Both at once is `snapshot.moment`. */
export interface Moment {
  /** Id or name. */
  readonly snapshot?: string | undefined;
  /**
   * In milliseconds since the epoch, after what that one brought. Exact in versioned buckets, and
   * elsewhere where a snapshot or fork is of the time: what has been replaced or removed
   * for good since, and no snapshot or fork of then or later has, is not there.
   */
  readonly at?: number | undefined;
}

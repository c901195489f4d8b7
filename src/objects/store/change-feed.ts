import type { Bucket } from './bucket.ts';

/** What an object was made by, as S3's event names tell it. */
export type Origin = 'put' | 'post' | 'copy' | 'complete';

interface OfObject {
  /** Of its record: later changes of a key have larger ones, and no two changes share one. */
  readonly stamp: number;
  /** The bucket's number: names can be used again, numbers are not. */
  readonly bucket: number;
  readonly key: string;
}

export interface ObjectCreated extends OfObject {
  readonly kind: 'created';
  readonly versionId: string;
  readonly size: number;
  readonly etag: string;
  readonly origin: Origin;
}

/** By a lifecycle rule, or else because somebody asked for it. */
interface ByLifecycle {
  readonly byLifecycle?: boolean | undefined;
}

export interface DeleteMarkerCreated extends OfObject, ByLifecycle {
  readonly kind: 'delete-marker';
  readonly versionId: string;
}

/** A version is gone for good. */
export interface ObjectRemoved extends OfObject, ByLifecycle {
  readonly kind: 'removed';
  readonly versionId: string;
}

/** A bucket was made, or its settings or documents changed. */
export interface BucketChanged {
  readonly kind: 'bucket';
  readonly bucket: number;
  readonly settings: Bucket;
}

/** Its objects went with it: they are not told one by one. */
export interface BucketRemoved {
  readonly kind: 'bucket-removed';
  readonly bucket: number;
}

export type ObjectChange = ObjectCreated | DeleteMarkerCreated | ObjectRemoved;
export type Change = ObjectChange | BucketChanged | BucketRemoved;

export interface Subscription {
  /** Where reading may begin: nothing at or after it is given up before `advance`. */
  readonly position: number;
  /** Where the feed ends now. */
  readonly end: number;
  /** As they are now. */
  readonly buckets: readonly { readonly bucket: number; readonly settings: Bucket }[];
}

export interface ReadChanges {
  /** A subscription's position, or a page's `next`. */
  readonly from: number;
  /** Changes of objects in these buckets alone. Changes of buckets always come, and end the page. Absent: all. */
  readonly buckets?: readonly number[] | undefined;
  /** How long to wait for a first change, milliseconds. */
  readonly waitMs?: number | undefined;
}

export interface ChangePage {
  readonly changes: readonly Change[];
  /** Everything before it is told, or was not asked for. */
  readonly next: number;
}

/**
 * What the store has committed, in the order of its journal, for those who follow it:
 * events, replication, backup, audit. What compaction moves and what changes an object's
 * metadata in place is no change here.
 *
 * A consumer keeps its own position with what it makes of the changes, and tells the
 * store by `advance` what it will never read again. What follows that position survives
 * everything that the store survives: a consumer misses nothing, and may see the last
 * changes before a crash twice.
 */
export interface ChangeFeed {
  /** Makes the consumer known, from the feed's end on; a known one goes on where it was. Durable when it resolves. */
  subscribe(consumer: string): Promise<Subscription>;
  /** The consumer needs nothing before `position`. */
  advance(consumer: string, position: number): Promise<void>;
  /** The consumer needs nothing. Absent is no error. */
  unsubscribe(consumer: string): Promise<void>;
  /** An aborted wait ends with an empty page. */
  read(request: ReadChanges, options?: { readonly signal?: AbortSignal | undefined }): Promise<ChangePage>;
}

import type { ListedVersion, ObjectInfo, ObjectMetadata } from './object.ts';
import type { Moment } from './snapshot.ts';

export interface ListObjects extends Moment {
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /** Keys (and common prefixes) strictly after this one, in UTF-8 byte order. */
  readonly after?: string | undefined;
  /** Of a listing `at` a time: what the page before said. */
  readonly pins?: string | undefined;
  /** Objects and common prefixes together. */
  readonly limit: number;
}

/** What a listing says of an object. */
export interface ListedObject extends Pick<ObjectInfo, 'key' | 'size' | 'etag' | 'lastModified'> {
  readonly headers: ObjectMetadata['headers'];
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: string | undefined;
  /** Of a listing `at` a time, beside `next`: by which snapshots and forks it shows what is gone from the bucket. */
  readonly pins?: string | undefined;
}

/** Where a listing of versions goes on: after all versions of the key, or after that one. */
export interface VersionMarker {
  readonly key: string;
  /** A version id, or what a page said. */
  readonly version?: string | undefined;
}

export interface ListVersions extends Omit<ListObjects, 'after' | 'pins'> {
  readonly after?: VersionMarker | undefined;
}

export interface VersionPage {
  /** Keys in UTF-8 byte order, the versions of a key from new to old. */
  readonly versions: readonly ListedVersion[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: VersionMarker | undefined;
}

import type { Body } from './body.ts';
import type { Moment } from './snapshot.ts';
import type { StoredBody } from './stored-body.ts';

/** Stored with an object and given back as it came. Names are lower-case header names. */
export interface ObjectMetadata {
  readonly contentType: string;
  /**
   * cache-control, content-disposition, content-encoding, content-language, expires; `x-amz-checksum-*`;
   * tags, the ACL; `x-amz-object-lock-*`, which the store itself goes by.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-*` without the prefix. */
  readonly user: Readonly<Record<string, string>>;
}

/** Under whose key the bytes are: the store's own, or one that the customer keeps and gives with every request. */
export type ObjectEncryption = 'managed' | 'customer';

/**
 * 32 bytes. What is written with it is read only with it, and nothing of it is stored.
 * @throws HoldfastError `encryption.unavailable`, `encryption.key`; when reading
 * `encryption.key-missing`, `encryption.key-needless`, `encryption.key-wrong`
 */
export interface CustomerKey {
  readonly customerKey?: Uint8Array | undefined;
}

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /**
   * Without quotes: the MD5 in hex, or `<md5 of part md5s>-<parts>` for multipart objects. Under a
   * customer's key it looks the same and tells nothing of the bytes.
   */
  readonly etag: string;
  /** Opaque; `null` for what was written while versioning was not enabled. */
  readonly versionId: string;
  readonly lastModified: number;
  readonly metadata: ObjectMetadata;
  /** Absent: the bytes are not encrypted. */
  readonly encryption?: ObjectEncryption | undefined;
  /** Of an object uploaded by parts: the bytes of each, in order. */
  readonly partSizes?: readonly number[] | undefined;
}

/** A version of an object, or a delete marker: then without bytes and metadata. */
export interface ObjectVersion extends ObjectInfo {
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
}

/** What a listing says of a version. */
export type ListedVersion = Omit<ObjectVersion, 'partSizes'>;

export interface VersionRef {
  /** Absent: the current object. */
  readonly versionId?: string | undefined;
}

/** A version, and when to look. */
export interface ReadRef extends VersionRef, Moment {}

/** What to read. */
export interface ReadObject extends ReadRef, CustomerKey {}

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectRead {
  readonly info: ObjectInfo;
  /** All bytes, where they are at hand, as those of small objects are: nobody needs `body` then. */
  readonly bytes?: Uint8Array | undefined;
  /** Where they are, for who would rather read them than be given them; they stay until `release`. */
  readonly stored?: StoredBody | undefined;
  /**
   * The bytes, all or `range`; may be called once. Reading stops when the consumer
   * stops. An object that is overwritten or deleted meanwhile is still read to its end.
   */
  body(range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Must be called when the read is over, also when `body` never was. */
  release(): void;
}

/**
 * Decided by the store in the order of its journal, so that of several racing
 * writers exactly one wins (RFC 9110 section 13.1; S3 conditional writes).
 * @throws HoldfastError `object.precondition` (kind `conflict`); `object.not-found` where `ifMatch` has nothing to match
 */
export interface WriteConditions {
  /** `*` or an ETag without quotes. */
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface PutObject extends CustomerKey {
  readonly bucket: string;
  readonly key: string;
  readonly body: Body;
  /** Where it is known beforehand; decides where the bytes go. */
  readonly size?: number | undefined;
  /** That of the body, in hex: one with another is not kept (`object.digest`). */
  readonly md5?: string | undefined;
  /** Read when `body` has ended: a checksum that comes behind the bytes is still added to its headers. */
  readonly metadata: ObjectMetadata;
  readonly conditions?: WriteConditions | undefined;
  /** How it came, for who follows the changes; `put` unless said. */
  readonly origin?: 'put' | 'post' | undefined;
}

export interface CopyObject {
  readonly source: { readonly bucket: string; readonly key: string } & ReadObject;
  /** With the customer's key that the copy shall have. */
  readonly target: { readonly bucket: string; readonly key: string } & CustomerKey;
  /** Absent: the source's. */
  readonly metadata?: ObjectMetadata | undefined;
  /** Checked against the source. */
  readonly sourceConditions?: WriteConditions | undefined;
  readonly conditions?: WriteConditions | undefined;
}

/** Whoever may do that passes over retention in mode GOVERNANCE; nobody passes over the rest. */
interface BypassGovernance {
  readonly bypassGovernance?: boolean | undefined;
}

/** Of `ObjectMetadata.headers`, by name; `undefined` takes one away. What is not named stays as it is. */
export type HeaderChanges = Readonly<Record<string, string | undefined>>;

/** Without `versionId`, of the current object. */
export interface UpdateMetadata extends VersionRef, BypassGovernance {
  readonly headers: HeaderChanges;
}

/** Of an object that is there; where there is none, time and size hold. */
export interface RemoveConditions extends WriteConditions {
  /** Milliseconds; compared in seconds, as HTTP has them. */
  readonly ifLastModified?: number | undefined;
  readonly ifSize?: number | undefined;
}

/** Without `versionId`, of the current object; with it, of that version. */
export interface RemoveObject extends VersionRef, RemoveConditions, BypassGovernance {
  /** Of a version that is named: that a newer one took its place. Decided as `WriteConditions` are. */
  readonly ifNoncurrent?: boolean | undefined;
  /** That its tags are still these, as in the header `x-amz-tagging`; empty: none. */
  readonly ifTagging?: string | undefined;
  /** Nobody asked for it but a lifecycle rule: for who follows the changes. */
  readonly byLifecycle?: boolean | undefined;
}

/** What a removal did, as S3 tells it. */
export interface RemovedObject {
  /** The version that is gone, or the delete marker that was made; absent in a bucket without versioning. */
  readonly versionId?: string | undefined;
  /** A delete marker was made or, where a version was named, removed. */
  readonly deleteMarker: boolean;
}

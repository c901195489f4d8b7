import type { ChangeFeed } from './change-feed.ts';
import type { CheckIntegrity, IntegrityPage } from './integrity-check.ts';

/** The store below the S3 gateway. It knows buckets, keys and bytes; not HTTP, XML or signatures. */

export type Versioning = 'disabled' | 'enabled' | 'suspended';

export interface BucketSettings {
  readonly versioning: Versioning;
  /** `public`: anyone may read objects. */
  readonly accessibility: 'private' | 'public';
  /**
   * Versions may be locked: a locked one is not removed, by nobody, nor is the bucket that has one.
   * Needs versioning, which a new bucket gets with it; neither can be turned off again.
   */
  readonly objectLock?: ObjectLock | undefined;
  /** Of what the bucket shows, as `usage` tells it. */
  readonly quota?: Quota | undefined;
}

/** What is not named is not limited. A quota may be less than what there is: then nothing more comes in. */
export interface Quota {
  readonly bytes?: number | undefined;
  readonly objects?: number | undefined;
}

export type RetentionMode = 'GOVERNANCE' | 'COMPLIANCE';

export interface ObjectLock {
  /** Of every new version that asks for no other. */
  readonly defaultRetention?:
    | { readonly mode: RetentionMode; readonly period: number; readonly unit: 'days' | 'years' }
    | undefined;
}

export interface Bucket extends BucketSettings {
  readonly name: string;
  readonly createdAt: number;
  /** What the bucket is a fork of; a snapshot by its id. */
  readonly forkOf?: BucketSource | undefined;
  /** What the layers above keep with the bucket, by name: policy, CORS rules and the like. */
  readonly documents?: Readonly<Record<string, string>> | undefined;
}

/** A bucket as it is, or as a snapshot of it shows it. */
export interface BucketSource {
  readonly bucket: string;
  /** Id or name. */
  readonly snapshot?: string | undefined;
}

export interface NewBucket extends BucketChanges {
  /**
   * Makes a fork: it begins with the objects and versions of another bucket, copies
   * nothing, and from then on neither sees what happens in the other. Metadata that is
   * changed in place in the other bucket is seen, as long as the fork did not change it.
   */
  readonly from?: BucketSource | undefined;
}

/** What a bucket held at one moment, for as long as the snapshot is not deleted. */
export interface Snapshot extends Usage {
  readonly id: string;
  readonly name?: string | undefined;
  readonly createdAt: number;
}

/** Every stored version counts; delete markers do not. */
export interface Usage {
  readonly objects: number;
  readonly bytes: number;
}

export interface BucketUsage extends Usage {
  /** What the bucket shows no more and keeps for its snapshots and forks; absent where that is nothing. */
  readonly retained?: Usage | undefined;
}

/** What is not named stays as it is. */
export interface BucketChanges extends Partial<BucketSettings> {
  /** By name; `undefined` removes one. All of a bucket's together take up to 256 KiB. */
  readonly documents?: Readonly<Record<string, string | undefined>> | undefined;
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
  /**
   * Read once, in order, with back-pressure. When it throws (client gone, checksum
   * or signature wrong) nothing is stored and the error is passed on.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Where it is known beforehand; decides where the bytes go. */
  readonly size?: number | undefined;
  /** Read when `body` has ended: a checksum that comes behind the bytes is still added to its headers. */
  readonly metadata: ObjectMetadata;
  readonly conditions?: WriteConditions | undefined;
  /** How it came, for who follows the changes; `put` unless said. */
  readonly origin?: 'put' | 'post' | undefined;
}

export interface VersionRef {
  /** Absent: the current object. */
  readonly versionId?: string | undefined;
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

/** A version, and when to look. */
export interface ReadRef extends VersionRef, Moment {}

/** What to read. */
export interface ReadObject extends ReadRef, CustomerKey {}

/** Whoever may do that passes over retention in mode GOVERNANCE; nobody passes over the rest. */
interface BypassGovernance {
  readonly bypassGovernance?: boolean | undefined;
}

/** Without `versionId`, of the current object; with it, of that version. */
export interface RemoveObject extends VersionRef, RemoveConditions, BypassGovernance {
  /** Of a version that is named: that a newer one took its place. Decided as `WriteConditions` are. */
  readonly ifNoncurrent?: boolean | undefined;
}

/** Of an object that is there; where there is none, time and size hold. */
export interface RemoveConditions extends WriteConditions {
  /** Milliseconds; compared in seconds, as HTTP has them. */
  readonly ifLastModified?: number | undefined;
  readonly ifSize?: number | undefined;
}

/** What is not named stays as it is. Without `versionId`, of the current object. */
export interface UpdateMetadata extends VersionRef, BypassGovernance {
  /** Of `ObjectMetadata.headers`, by name; `undefined` removes one. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What a removal did, as S3 tells it. */
export interface RemovedObject {
  /** The version that is gone, or the delete marker that was made; absent in a bucket without versioning. */
  readonly versionId?: string | undefined;
  /** A delete marker was made or, where a version was named, removed. */
  readonly deleteMarker: boolean;
}

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectRead {
  readonly info: ObjectInfo;
  /**
   * The bytes, all or `range`; may be called once. Reading stops when the consumer
   * stops. An object that is overwritten or deleted meanwhile is still read to its end.
   */
  body(range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Must be called when the read is over, also when `body` never was. */
  release(): void;
}

export interface ListObjects extends Moment {
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  /** Keys (and common prefixes) strictly after this one, in UTF-8 byte order. */
  readonly after?: string | undefined;
  /** Objects and common prefixes together. */
  readonly limit: number;
}

export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: string | undefined;
}

/** A version of an object, or a delete marker: then without bytes and metadata. */
export interface ObjectVersion extends ObjectInfo {
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
}

/** Where a listing of versions goes on: after all versions of the key, or after that one. */
export interface VersionMarker {
  readonly key: string;
  /** A version id, or what a page said. */
  readonly version?: string | undefined;
}

export interface ListVersions extends Omit<ListObjects, 'after'> {
  readonly after?: VersionMarker | undefined;
}

export interface VersionPage {
  /** Keys in UTF-8 byte order, the versions of a key from new to old. */
  readonly versions: readonly ObjectVersion[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: VersionMarker | undefined;
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

export interface MultipartUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedAt: number;
  /** Of the object that it becomes. */
  readonly metadata: ObjectMetadata;
  /** Of its parts and of the object. */
  readonly encryption?: ObjectEncryption | undefined;
}

export interface PartInfo {
  /** 1 to 10,000. */
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  /** Kept with the part and given back as they came: `x-amz-checksum-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface PartRef {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export interface PutPart extends PartRef, CustomerKey {
  readonly partNumber: number;
  readonly body: AsyncIterable<Uint8Array>;
  readonly size?: number | undefined;
  /** Read when `body` has ended, as `PutObject.metadata` is. */
  readonly headers?: PartInfo['headers'];
}

export interface CompleteUpload extends PartRef {
  readonly parts: readonly Pick<PartInfo, 'partNumber' | 'etag'>[];
  /** Absent: the upload's. */
  readonly metadata?: ObjectMetadata | undefined;
  readonly conditions?: WriteConditions | undefined;
}

/**
 * Whatever a method that writes has answered survives `kill -9` and power loss
 * and is seen by every later call. Unknown names throw `bucket.not-found`,
 * `object.not-found`, `snapshot.not-found`, `upload.not-found`; a full disk throws `disk.full` and
 * leaves reads and deletes working.
 */
export interface ObjectStore {
  /** What is written is encrypted at rest, and customers' keys are taken. */
  readonly encrypts: boolean;

  /**
   * A fork has the versioning and the object lock of what it is made from.
   * @throws HoldfastError `bucket.exists`, `bucket.name`, `bucket.documents-size`; of a fork also `snapshot.not-found`, `bucket.versioning-stays`
   */
  createBucket(name: string, settings?: NewBucket): Promise<Bucket>;
  /** @throws HoldfastError `bucket.documents-size`, `bucket.versioning-stays`, `bucket.lock-stays`, `bucket.lock-versioning` */
  updateBucket(name: string, changes: BucketChanges): Promise<Bucket>;
  /**
   * A fork is empty when all that it holds is of what it was made from.
   * @throws HoldfastError `bucket.not-empty`, `bucket.has-snapshots` unless `force`, which deletes them too;
   * `bucket.has-forks`, `bucket.locked`
   */
  deleteBucket(name: string, options?: { readonly force?: boolean }): Promise<void>;
  bucket(name: string): Bucket | undefined;
  buckets(): readonly Bucket[];
  /** Of a fork: what it shows. */
  usage(name: string): Promise<BucketUsage>;

  /**
   * Takes the same time whatever the bucket holds. Unfinished uploads are not in it; metadata
   * that is changed in place later is seen in it as long as the bucket has the version.
   * @throws HoldfastError `snapshot.name`, `snapshot.exists`, `snapshot.limit`
   */
  createSnapshot(bucket: string, options?: { readonly name?: string | undefined }): Promise<Snapshot>;
  /** From old to new. */
  snapshots(bucket: string): Promise<readonly Snapshot[]>;
  /** Forks of it stay. */
  deleteSnapshot(bucket: string, idOrName: string): Promise<void>;

  /**
   * As everything that makes a version:
   * @throws HoldfastError `object.lock-unavailable` in a bucket without object lock; `bucket.quota-exceeded`,
   * decided in the order of the journal, and for uploads by each part and when they are completed
   */
  put(object: PutObject): Promise<ObjectInfo>;
  /**
   * Without a customer's key also of an object that has one; a key that is given is checked.
   * @throws HoldfastError `version.not-found`, `version.delete-marker` where `version` names one
   */
  head(bucket: string, key: string, version?: ReadObject): Promise<ObjectInfo>;
  /** @throws as `head` */
  open(bucket: string, key: string, version?: ReadObject): Promise<ObjectRead>;
  /** That version, or the newest of the key: a delete marker too. */
  findVersion(bucket: string, key: string, version?: ReadRef): Promise<ObjectVersion | undefined>;
  /**
   * Deleting what is absent is no error (S3 DeleteObject). With versioning, enabled
   * or suspended, a delete marker is put on top; a version that is named is gone for
   * good, and what was below it is current again.
   * @throws HoldfastError `object.locked`, of a version that is named
   */
  remove(bucket: string, key: string, options?: RemoveObject): Promise<RemovedObject>;
  /**
   * Changes headers of a version in place: it keeps its id, its time and its bytes, and readers of it see nothing of it.
   * @throws as `head`; HoldfastError `object.metadata-size`, `object.locked` where it would weaken a lock,
   * `object.lock-unavailable`
   */
  updateMetadata(bucket: string, key: string, change: UpdateMetadata): Promise<ObjectInfo>;
  copy(request: CopyObject): Promise<ObjectInfo>;
  list(request: ListObjects): Promise<ListPage>;
  /** @throws HoldfastError `version.marker` */
  listVersions(request: ListVersions): Promise<VersionPage>;

  createUpload(bucket: string, key: string, metadata: ObjectMetadata, options?: CustomerKey): Promise<MultipartUpload>;
  findUpload(upload: PartRef): Promise<MultipartUpload>;
  /** @throws HoldfastError `upload.encryption` unless the customer's key is the upload's */
  putPart(part: PutPart): Promise<PartInfo>;
  listParts(upload: PartRef): Promise<readonly PartInfo[]>;
  listUploads(bucket: string, options?: { readonly prefix?: string }): Promise<readonly MultipartUpload[]>;
  /** @throws HoldfastError `upload.part` (unknown part or wrong ETag), `upload.part-order`, `upload.part-size` (a part but the last under 5 MiB) */
  completeUpload(upload: CompleteUpload): Promise<ObjectInfo>;
  abortUpload(upload: PartRef): Promise<void>;

  /** Writes what is pending and ends. Not needed for durability. */
  close(): Promise<void>;
}

/** The store in the process that has it open; others have it without this. */
export interface OpenObjectStore extends ObjectStore {
  readonly changes: ChangeFeed;
  /** One page of a check of everything that is stored, versions by versions; whoever asks decides how fast. */
  checkIntegrity(request: CheckIntegrity): Promise<IntegrityPage>;
}

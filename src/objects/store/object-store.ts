import type { HoldfastError } from '../../core/errors.ts';
import type { Bucket, BucketChanges, BucketUsage, NewBucket } from './bucket.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { IndexRebuild } from './index-rebuild.ts';
import type { CheckIntegrity, IntegrityPage } from './integrity.ts';
import type { ListObjects, ListPage, ListVersions, VersionPage } from './list.ts';
import type {
  CopyObject,
  CustomerKey,
  ObjectInfo,
  ObjectMetadata,
  ObjectRead,
  ObjectVersion,
  PutObject,
  ReadObject,
  ReadRef,
  RemovedObject,
  RemoveObject,
  UpdateMetadata,
} from './object.ts';
import type { Snapshot } from './snapshot.ts';
import type {
  CompleteUpload,
  ListParts,
  ListUploads,
  MultipartUpload,
  PartInfo,
  PartRef,
  PutPart,
  UploadPage,
} from './upload.ts';

/**
 * The store below the S3 gateway. It knows buckets, keys and bytes; not HTTP, XML or signatures.
 *
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
  /** @throws HoldfastError `snapshot.gone` where the page before showed by `pins` what this one could not */
  list(request: ListObjects): Promise<ListPage>;
  /** @throws HoldfastError `version.marker` */
  listVersions(request: ListVersions): Promise<VersionPage>;

  createUpload(bucket: string, key: string, metadata: ObjectMetadata, options?: CustomerKey): Promise<MultipartUpload>;
  /** @throws HoldfastError `upload.encryption` where a customer's key is given that is not the upload's */
  findUpload(upload: PartRef & CustomerKey): Promise<MultipartUpload>;
  /** @throws HoldfastError `upload.encryption` unless the customer's key is the upload's */
  putPart(part: PutPart): Promise<PartInfo>;
  /** By part number. */
  listParts(upload: ListParts): Promise<readonly PartInfo[]>;
  /** What begins or ends meanwhile may be in a page or not. */
  listUploads(request: ListUploads): Promise<UploadPage>;
  /** @throws HoldfastError `upload.part` (unknown part or wrong ETag), `upload.part-order`, `upload.part-size` (a part but the last under 5 MiB) */
  completeUpload(upload: CompleteUpload): Promise<ObjectInfo>;
  abortUpload(upload: PartRef): Promise<void>;

  /** Writes what is pending and ends. Not needed for durability. */
  close(): Promise<void>;
}

/** The store in the process that has it open; others have it without this. */
export interface OpenObjectStore extends ObjectStore {
  /** Resolves when the store can go on no more, and would after it was closed and opened. */
  readonly failed?: Promise<HoldfastError>;
  /** Buckets whose key no master key that is there opens. */
  readonly lostKeys?: readonly string[];
  /** The last there was. */
  readonly indexRebuild?: IndexRebuild | undefined;
  readonly changes: ChangeFeed;
  /** One page of a check of everything that is stored, versions by versions; whoever asks decides how fast. */
  checkIntegrity(request: CheckIntegrity): Promise<IntegrityPage>;
  /**
   * The keys of all buckets, which objects hang on, but for those that are lost, by the master key that seals now: no other is needed when it
   * resolves. Gives how many there are; what is asked for again costs nothing.
   */
  resealKeys(): Promise<number>;
}

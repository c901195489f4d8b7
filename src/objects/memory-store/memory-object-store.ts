import { type Clock, systemClock } from '../../core/clock.ts';
import { inTurns } from '../../core/in-turns.ts';
import type { Bucket, BucketChanges, BucketSource, BucketUsage, NewBucket } from '../store/bucket.ts';
import { newBucket, withSettings } from '../store/bucket-settings.ts';
import { checkConditions } from '../store/conditions.ts';
import { isSameCustomerKey } from '../store/customer-key.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import { snapshotErrors } from '../store/errors/snapshot-errors.ts';
import { heldRead } from '../store/held-read.ts';
import type { IntegrityPage } from '../store/integrity.ts';
import type { ListObjects, ListPage, ListVersions, VersionPage } from '../store/list.ts';
import { compareKeys, listPage, versionPage } from '../store/listing.ts';
import { chooseParts, MIN_PART_BYTES, multipartEtag } from '../store/multipart.ts';
import { checkBucketName, checkKey } from '../store/names.ts';
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
} from '../store/object.ts';
import { checkLockable, withoutLock } from '../store/object-lock.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type {
  CompleteUpload,
  ListParts,
  ListUploads,
  MultipartUpload,
  PartInfo,
  PartRef,
  PutPart,
  UploadPage,
} from '../store/upload.ts';
import { NULL_VERSION, parseStamp, stampText } from '../store/version-id.ts';
import { MemoryBucket } from './memory-bucket.ts';
import { MemoryChangeFeed } from './memory-change-feed.ts';
import { copyEtag, demandKey, etagOf } from './memory-encryption.ts';
import { collect } from './memory-uploads.ts';
import { MemoryVersions } from './memory-versions.ts';

export interface MemoryObjectStoreOptions {
  readonly clock?: Clock;
  readonly minPartBytes?: number;
}

/** The contract in memory: for simulations and tests of what stands above the store. It forgets everything. */
export class MemoryObjectStore implements OpenObjectStore {
  readonly #buckets = new Map<string, MemoryBucket>();
  readonly #clock: Clock;
  readonly #minPartBytes: number;
  readonly changes = new MemoryChangeFeed(() =>
    [...this.#buckets.values()].map(({ id, settings }) => ({ bucket: id, settings })),
  );
  /** As a store does that has something at rest. */
  readonly encrypts = true;
  #lastStamp = 0;
  #lastBucket = 0;

  constructor({ clock = systemClock, minPartBytes = MIN_PART_BYTES }: MemoryObjectStoreOptions = {}) {
    this.#clock = clock;
    this.#minPartBytes = minPartBytes;
  }

  async createBucket(name: string, { from, ...changes }: NewBucket = {}): Promise<Bucket> {
    checkBucketName(name);
    if (this.#buckets.has(name)) throw bucketErrors.exists(name);
    const fork = from && this.#fork(from);
    const settings = newBucket({ name, createdAt: this.#clock.now(), fork }, changes);
    if (fork) this.#bucket(fork.of.name).snapshots.addFork(name, fork);
    const parts = { clock: this.#clock, changes: this.changes, nextStamp: () => ++this.#lastStamp };
    const id = ++this.#lastBucket;
    this.#buckets.set(name, new MemoryBucket(id, settings, { ...parts, base: fork?.versions ?? new MemoryVersions() }));
    this.changes.bucketChanged(id, settings);
    return settings;
  }

  #fork({ bucket, snapshot }: BucketSource) {
    const source = this.#bucket(bucket);
    const taken = snapshot === undefined ? undefined : source.snapshots.get(snapshot);
    const { versions, createdAt } = taken ?? { versions: source.versions.copy(), createdAt: this.#clock.now() };
    return { of: source.settings, snapshot: taken?.info.id, versions, createdAt };
  }

  async updateBucket(name: string, changes: BucketChanges): Promise<Bucket> {
    const bucket = this.#bucket(name);
    bucket.settings = withSettings(bucket.settings, changes);
    this.changes.bucketChanged(bucket.id, bucket.settings);
    return bucket.settings;
  }

  async deleteBucket(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const { id, settings, own, snapshots } = this.#bucket(name);
    if (snapshots.hasForks) throw bucketErrors.hasForks(name);
    if (!own.isEmpty && !force) throw bucketErrors.notEmpty(name);
    if (snapshots.all().length > 0 && !force) throw bucketErrors.hasSnapshots(name);
    if (own.anyLocked(this.#clock.now())) throw bucketErrors.locked(name);
    if (settings.forkOf) this.#bucket(settings.forkOf.bucket).snapshots.removeFork(name);
    this.#buckets.delete(name);
    this.changes.push({ kind: 'bucket-removed', bucket: id });
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)?.settings;
  }

  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()].map(({ settings }) => settings).sort((a, b) => compareKeys(a.name, b.name));
  }

  /** Copies are not accounted for. */
  async usage(name: string): Promise<BucketUsage> {
    return this.#bucket(name).versions.usage();
  }

  async createSnapshot(bucket: string, { name }: { readonly name?: string | undefined } = {}): Promise<Snapshot> {
    const { snapshots, versions } = this.#bucket(bucket);
    return snapshots.add({ id: stampText(++this.#lastStamp), name, createdAt: this.#clock.now() }, versions);
  }

  async snapshots(bucket: string): Promise<readonly Snapshot[]> {
    return this.#bucket(bucket).snapshots.all();
  }

  async deleteSnapshot(bucket: string, idOrName: string): Promise<void> {
    this.#bucket(bucket).snapshots.remove(idOrName);
  }

  async put({ body, md5, ...object }: PutObject): Promise<ObjectInfo> {
    const { bucket, key, customerKey } = object;
    checkKey(key);
    this.#bucket(bucket);
    const bytes = await collect(body);
    return this.#bucket(bucket).put({ ...object, bytes, etag: etagOf(bytes, customerKey, md5) });
  }

  async head(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectInfo> {
    const version = this.#bucket(bucket).version({ ...ref, key });
    if (customerKey) demandKey(key, version.customerKey, customerKey);
    return version.info;
  }

  async open(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectRead> {
    const version = this.#bucket(bucket).version({ ...ref, key });
    demandKey(key, version.customerKey, customerKey);
    const { info, bytes } = version;
    return heldRead(info, bytes);
  }

  async findVersion(bucket: string, key: string, ref?: ReadRef): Promise<ObjectVersion | undefined> {
    return this.#bucket(bucket).versionsAt(ref).find(key, ref?.versionId);
  }

  async updateMetadata(bucket: string, key: string, change: UpdateMetadata): Promise<ObjectInfo> {
    return this.#bucket(bucket).updateMetadata(key, change);
  }

  async remove(bucket: string, key: string, options: RemoveObject = {}): Promise<RemovedObject> {
    const target = this.#bucket(bucket);
    if (options.versionId === undefined) checkKey(key); // a delete marker has it
    return target.remove(key, options);
  }

  async copy({ source, target, metadata, sourceConditions, conditions }: CopyObject): Promise<ObjectInfo> {
    checkKey(target.key);
    const { info, bytes, customerKey } = this.#bucket(source.bucket).version(source);
    checkConditions(source, info, sourceConditions);
    demandKey(source.key, customerKey, source.customerKey);
    const isShared = isSameCustomerKey(customerKey, target.customerKey);
    return this.#bucket(target.bucket).put({
      key: target.key,
      bytes,
      etag: isShared ? info.etag : copyEtag(bytes, info.partSizes, target.customerKey),
      metadata: metadata ?? withoutLock(info.metadata),
      conditions,
      partSizes: info.partSizes,
      origin: 'copy',
      customerKey: target.customerKey,
    });
  }

  async list({ bucket, pins, ...request }: ListObjects): Promise<ListPage> {
    const found = this.#bucket(bucket);
    const now = found.snapshots.pinsAt(request);
    if (pins && pins !== now) throw snapshotErrors.gone(bucket);
    const page = await inTurns(listPage(found.versionsAt(request).scan(), request));
    return page.next === undefined || request.at === undefined ? page : { ...page, pins: now };
  }

  async listVersions({ bucket, ...request }: ListVersions): Promise<VersionPage> {
    const versions = this.#bucket(bucket).versionsAt(request);
    const { key: after = '', version: marker } = request.after ?? {};
    const below = marker === NULL_VERSION ? versions.named(after, marker)?.stamp : marker && parseStamp(marker);
    if (below === undefined && marker !== undefined && marker !== NULL_VERSION)
      throw objectErrors.invalidMarker(marker);
    return inTurns(versionPage(versions.scanVersions(), request, below || undefined));
  }

  async createUpload(
    bucket: string,
    key: string,
    metadata: ObjectMetadata,
    { customerKey }: CustomerKey = {},
  ): Promise<MultipartUpload> {
    checkKey(key);
    const { settings, uploads } = this.#bucket(bucket);
    checkLockable(settings, metadata.headers);
    return uploads.create(key, metadata, customerKey);
  }

  async findUpload(upload: PartRef & CustomerKey): Promise<MultipartUpload> {
    return this.#bucket(upload.bucket).uploads.describe(upload);
  }

  async putPart(part: PutPart): Promise<PartInfo> {
    const bucket = this.#bucket(part.bucket);
    return bucket.uploads.putPart(part, (bytes) => bucket.checkRoom({ objects: 0, bytes }));
  }

  async listParts(upload: ListParts): Promise<readonly PartInfo[]> {
    return this.#bucket(upload.bucket).uploads.parts(upload);
  }

  async listUploads({ bucket, ...request }: ListUploads): Promise<UploadPage> {
    return this.#bucket(bucket).uploads.list(request);
  }

  async completeUpload(completion: CompleteUpload): Promise<ObjectInfo> {
    const bucket = this.#bucket(completion.bucket);
    const { metadata, parts, customerKey } = bucket.uploads.find(completion);
    const chosen = chooseParts(parts, completion.parts, this.#minPartBytes);
    const info = bucket.put({
      key: completion.key,
      bytes: Buffer.concat(chosen.map(({ bytes }) => bytes)),
      etag: multipartEtag(chosen),
      metadata: completion.metadata ?? metadata,
      conditions: completion.conditions,
      partSizes: chosen.map(({ size }) => size),
      origin: 'complete',
      customerKey,
    });
    bucket.uploads.end(completion);
    return info;
  }

  async abortUpload(upload: PartRef): Promise<void> {
    this.#bucket(upload.bucket).uploads.end(upload);
  }

  /** Memory does not rot: everything is there as it was put. */
  async checkIntegrity(): Promise<IntegrityPage> {
    const usage = await Promise.all(this.buckets().map(({ name }) => this.usage(name)));
    return {
      objects: usage.reduce((sum, { objects }) => sum + objects, 0),
      bytes: usage.reduce((sum, { bytes }) => sum + bytes, 0),
      damaged: [],
    };
  }

  /** There is no disk, and so no master key. */
  async resealKeys(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}

  #bucket(name: string): MemoryBucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw bucketErrors.notFound(name);
    return bucket;
  }
}

import { type Clock, systemClock } from '../../core/clock.ts';
import type { Bucket, BucketChanges, BucketSource, BucketUsage, NewBucket, Usage } from '../store/bucket.ts';
import { newBucket, withSettings } from '../store/bucket-settings.ts';
import { resolveRange } from '../store/byte-range.ts';
import type { Origin } from '../store/change-feed.ts';
import { checkConditions, checkNoncurrent } from '../store/conditions.ts';
import { isSameCustomerKey } from '../store/customer-key.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { IntegrityPage } from '../store/integrity.ts';
import type { ListObjects, ListPage, ListVersions, VersionPage } from '../store/list.ts';
import { compareKeys, listPage, versionPage } from '../store/listing.ts';
import { withHeaders } from '../store/metadata.ts';
import { chooseParts, MIN_PART_BYTES, multipartEtag } from '../store/multipart.ts';
import { checkBucketName, checkKey } from '../store/names.ts';
import type {
  ByteRange,
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
  WriteConditions,
} from '../store/object.ts';
import {
  checkLockable,
  checkLockChange,
  checkRemovable,
  withDefaultRetention,
  withoutLock,
} from '../store/object-lock.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import { checkQuota } from '../store/quota.ts';
import type { Moment, Snapshot } from '../store/snapshot.ts';
import type { CompleteUpload, MultipartUpload, PartInfo, PartRef, PutPart } from '../store/upload.ts';
import { addUsage, usageOf } from '../store/usage.ts';
import { NULL_VERSION, parseStamp, stampText, versionIdOf } from '../store/version-id.ts';
import { MemoryChangeFeed } from './memory-change-feed.ts';
import { copyEtag, demandKey, encryptionOf, etagOf } from './memory-encryption.ts';
import { MemorySnapshots } from './memory-snapshots.ts';
import { collect, MemoryUploads } from './memory-uploads.ts';
import { type MemoryVersion, MemoryVersions } from './memory-versions.ts';

interface StoredBucket {
  readonly id: number;
  bucket: Bucket;
  readonly versions: MemoryVersions;
  readonly snapshots: MemorySnapshots;
  /** Of a fork: what it began with. */
  readonly base: MemoryVersions;
  readonly uploads: MemoryUploads;
}

export interface MemoryObjectStoreOptions {
  readonly clock?: Clock;
  readonly minPartBytes?: number;
}

/** The contract in memory: for simulations and tests of what stands above the store. It forgets everything. */
export class MemoryObjectStore implements OpenObjectStore {
  readonly #buckets = new Map<string, StoredBucket>();
  readonly #clock: Clock;
  readonly #minPartBytes: number;
  readonly changes = new MemoryChangeFeed(() =>
    [...this.#buckets.values()].map(({ id, bucket }) => ({ bucket: id, settings: bucket })),
  );
  /** As a store does that has something at rest. */
  readonly encrypts = true;
  #lastStamp = 0;
  #lastBucket = 0;

  constructor({ clock = systemClock, minPartBytes = MIN_PART_BYTES }: MemoryObjectStoreOptions = {}) {
    this.#clock = clock;
    this.#minPartBytes = minPartBytes;
  }

  async createBucket(name: string, { from, ...settings }: NewBucket = {}): Promise<Bucket> {
    checkBucketName(name);
    if (this.#buckets.has(name)) throw bucketErrors.exists(name);
    const fork = from && this.#fork(from);
    const bucket = newBucket({ name, createdAt: this.#clock.now(), fork }, settings);
    if (fork) this.#bucket(fork.of.name).snapshots.addFork(name, fork);
    const id = ++this.#lastBucket;
    const base = fork?.versions ?? new MemoryVersions();
    const snapshots = new MemorySnapshots(name);
    const uploads = new MemoryUploads(this.#clock);
    this.#buckets.set(name, { id, bucket, versions: base.copy(), base, snapshots, uploads });
    this.changes.bucketChanged(id, bucket);
    return bucket;
  }

  #fork({ bucket, snapshot }: BucketSource) {
    const source = this.#bucket(bucket);
    const taken = snapshot === undefined ? undefined : source.snapshots.get(snapshot);
    const { versions, createdAt } = taken ?? { versions: source.versions.copy(), createdAt: this.#clock.now() };
    return { of: source.bucket, snapshot: taken?.info.id, versions, createdAt };
  }

  async updateBucket(name: string, settings: BucketChanges): Promise<Bucket> {
    const stored = this.#bucket(name);
    stored.bucket = withSettings(stored.bucket, settings);
    this.changes.bucketChanged(stored.id, stored.bucket);
    return stored.bucket;
  }

  async deleteBucket(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    const { id, bucket, versions, base, snapshots } = this.#bucket(name);
    const own = versions.without(base);
    if (snapshots.hasForks) throw bucketErrors.hasForks(name);
    if (!own.isEmpty && !force) throw bucketErrors.notEmpty(name);
    if (snapshots.all().length > 0 && !force) throw bucketErrors.hasSnapshots(name);
    if (own.anyLocked(this.#clock.now())) throw bucketErrors.locked(name);
    if (bucket.forkOf) this.#bucket(bucket.forkOf.bucket).snapshots.removeFork(name);
    this.#buckets.delete(name);
    this.changes.push({ kind: 'bucket-removed', bucket: id });
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)?.bucket;
  }

  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()].map(({ bucket }) => bucket).sort((a, b) => compareKeys(a.name, b.name));
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

  async put({ body, ...object }: PutObject): Promise<ObjectInfo> {
    const { bucket, key, customerKey } = object;
    checkKey(key);
    this.#bucket(bucket);
    const bytes = await collect(body);
    return this.#store(bucket, { ...object, bytes, etag: etagOf(bytes, customerKey) });
  }

  async head(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectInfo> {
    const version = this.#version({ ...ref, bucket, key });
    if (customerKey) demandKey(key, version.customerKey, customerKey);
    return version.info;
  }

  async open(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectRead> {
    const version = this.#version({ ...ref, bucket, key });
    demandKey(key, version.customerKey, customerKey);
    const { info, bytes } = version;
    return {
      info,
      async *body(range?: ByteRange) {
        const { start, end } = resolveRange(range, bytes.length);
        if (end >= start) yield bytes.subarray(start, end + 1);
      },
      release() {},
    };
  }

  async findVersion(bucket: string, key: string, ref?: ReadRef): Promise<ObjectVersion | undefined> {
    return this.#versions(bucket, ref).find(key, ref?.versionId);
  }

  async updateMetadata(bucket: string, key: string, change: UpdateMetadata): Promise<ObjectInfo> {
    const { versionId, headers } = change;
    const version = this.#version({ bucket, key, versionId });
    const { versions, bucket: settings } = this.#bucket(bucket);
    const before = version.info.metadata;
    const info = { ...version.info, metadata: withHeaders(before, headers) };
    checkLockable(settings, headers);
    checkLockChange({ bucket, key }, { before, after: info.metadata }, { now: this.#clock.now(), ...change });
    versions.replace({ ...version, info });
    return info;
  }

  async remove(bucket: string, key: string, options: RemoveObject = {}): Promise<RemovedObject> {
    const { versionId, bypassGovernance } = options;
    const stored = this.#bucket(bucket);
    const { versions } = stored;
    checkNoncurrent({ bucket, key }, versions.find(key, versionId), options);
    if (versionId !== undefined) {
      const version = versions.named(key, versionId);
      checkConditions({ bucket, key }, version?.info, options);
      const check = { now: this.#clock.now(), bypassGovernance };
      if (version) checkRemovable({ bucket, key }, version.info.metadata, check);
      versions.remove(key, version);
      if (version) this.#removed(stored, key, versionId);
      return { versionId, deleteMarker: version?.deleteMarker ?? false };
    }
    const current = versions.current(key);
    checkConditions({ bucket, key }, current?.info, options);
    if (stored.bucket.versioning === 'disabled') {
      versions.remove(key, current);
      if (current) this.#removed(stored, key, NULL_VERSION);
      return { deleteMarker: false };
    }
    const metadata = { contentType: '', headers: {}, user: {} };
    const marker = this.#add(stored, { key, bytes: Buffer.alloc(0), etag: '', metadata, deleteMarker: true });
    return { versionId: marker.versionId, deleteMarker: true };
  }

  async copy({ source, target, metadata, sourceConditions, conditions }: CopyObject): Promise<ObjectInfo> {
    checkKey(target.key);
    const { info, bytes, customerKey } = this.#version(source);
    checkConditions(source, info, sourceConditions);
    demandKey(source.key, customerKey, source.customerKey);
    const isShared = isSameCustomerKey(customerKey, target.customerKey);
    return this.#store(target.bucket, {
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

  async list({ bucket, ...request }: ListObjects): Promise<ListPage> {
    return listPage(this.#versions(bucket, request).scan(), request);
  }

  async listVersions({ bucket, ...request }: ListVersions): Promise<VersionPage> {
    const versions = this.#versions(bucket, request);
    const { key: after = '', version: marker } = request.after ?? {};
    const below = marker === NULL_VERSION ? versions.named(after, marker)?.stamp : marker && parseStamp(marker);
    if (below === undefined && marker !== undefined && marker !== NULL_VERSION)
      throw objectErrors.invalidMarker(marker);
    return versionPage(versions.scanVersions(), request, below || undefined);
  }

  async createUpload(
    bucket: string,
    key: string,
    metadata: ObjectMetadata,
    { customerKey }: CustomerKey = {},
  ): Promise<MultipartUpload> {
    checkKey(key);
    checkLockable(this.#bucket(bucket).bucket, metadata.headers);
    return this.#bucket(bucket).uploads.create(key, metadata, customerKey);
  }

  async findUpload(upload: PartRef): Promise<MultipartUpload> {
    return this.#bucket(upload.bucket).uploads.describe(upload);
  }

  async putPart(part: PutPart): Promise<PartInfo> {
    const { uploads } = this.#bucket(part.bucket);
    return uploads.putPart(part, (bytes) => this.#checkRoom(part.bucket, { objects: 0, bytes }));
  }

  async listParts(upload: PartRef): Promise<readonly PartInfo[]> {
    return this.#bucket(upload.bucket).uploads.parts(upload);
  }

  async listUploads(
    bucket: string,
    { prefix = '' }: { readonly prefix?: string } = {},
  ): Promise<readonly MultipartUpload[]> {
    return this.#bucket(bucket).uploads.list(prefix);
  }

  async completeUpload(completion: CompleteUpload): Promise<ObjectInfo> {
    const { uploads } = this.#bucket(completion.bucket);
    const { metadata, parts, customerKey } = uploads.find(completion);
    const chosen = chooseParts(parts, completion.parts, this.#minPartBytes);
    const info = this.#store(completion.bucket, {
      key: completion.key,
      bytes: Buffer.concat(chosen.map(({ bytes }) => bytes)),
      etag: multipartEtag(chosen),
      metadata: completion.metadata ?? metadata,
      conditions: completion.conditions,
      partSizes: chosen.map(({ size }) => size),
      origin: 'complete',
      customerKey,
    });
    uploads.end(completion);
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

  async close(): Promise<void> {}

  #bucket(name: string): StoredBucket {
    const stored = this.#buckets.get(name);
    if (!stored) throw bucketErrors.notFound(name);
    return stored;
  }

  #versions(bucket: string, moment: Moment = {}): MemoryVersions {
    const { versions, snapshots } = this.#bucket(bucket);
    return snapshots.versionsAt(versions, moment);
  }

  #version({
    bucket,
    key,
    versionId,
    ...moment
  }: ReadRef & { readonly bucket: string; readonly key: string }): MemoryVersion {
    const versions = this.#versions(bucket, moment);
    const found = versionId === undefined ? versions.current(key) : versions.named(key, versionId);
    if (found && !found.deleteMarker) return found;
    if (versionId === undefined) throw objectErrors.notFound(bucket, key);
    throw found
      ? objectErrors.versionIsDeleteMarker(bucket, key, versionId)
      : objectErrors.versionNotFound(bucket, key, versionId);
  }

  #store(bucket: string, object: NewObject & { readonly conditions?: WriteConditions | undefined }): ObjectInfo {
    const { key, conditions } = object;
    const stored = this.#bucket(bucket);
    checkConditions({ bucket, key }, stored.versions.current(key)?.info, conditions);
    const replaced = stored.bucket.versioning === 'enabled' ? undefined : stored.versions.named(key, NULL_VERSION);
    const before = replaced && { size: replaced.info.size, deleteMarker: replaced.deleteMarker };
    const added = addUsage(usageOf({ size: object.bytes.length, deleteMarker: false }), usageOf(before), -1);
    this.#checkRoom(bucket, added);
    return this.#add(stored, object);
  }

  #checkRoom(name: string, added: Usage): void {
    const { bucket, versions } = this.#bucket(name);
    checkQuota(bucket, versions.usage(), added);
  }

  /** On top; without enabled versioning in place of the null version. */
  #add(stored: StoredBucket, object: NewObject): ObjectInfo {
    const { key, bytes, etag, metadata, partSizes, origin = 'put', deleteMarker = false, customerKey } = object;
    const now = this.#clock.now();
    const stamp = ++this.#lastStamp;
    const versionId = versionIdOf({ versioned: stored.bucket.versioning === 'enabled', stamp });
    const info: ObjectInfo = {
      key,
      size: bytes.length,
      etag,
      versionId,
      lastModified: now,
      metadata: deleteMarker ? metadata : withDefaultRetention(stored.bucket, metadata, now),
      ...(deleteMarker ? {} : { encryption: encryptionOf(customerKey) }),
      ...(partSizes ? { partSizes } : {}),
    };
    stored.versions.add({ stamp, info, bytes, deleteMarker, customerKey });
    const change = { stamp, bucket: stored.id, key, versionId };
    this.changes.push(
      deleteMarker
        ? { kind: 'delete-marker', ...change }
        : { kind: 'created', ...change, size: info.size, etag, origin },
    );
    return info;
  }

  #removed({ id }: StoredBucket, key: string, versionId: string): void {
    this.changes.push({ kind: 'removed', stamp: ++this.#lastStamp, bucket: id, key, versionId });
  }
}

interface NewObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: ObjectMetadata;
  readonly partSizes?: readonly number[] | undefined;
  readonly origin?: Origin | undefined;
  readonly deleteMarker?: boolean;
  readonly customerKey?: Uint8Array | undefined;
}

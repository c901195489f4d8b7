import type { Clock } from '../../core/clock.ts';
import type { Bucket, Usage } from '../store/bucket.ts';
import type { Origin } from '../store/change-feed.ts';
import { checkConditions, checkNoncurrent, checkTagging } from '../store/conditions.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import { withHeaders } from '../store/metadata.ts';
import type {
  ObjectInfo,
  ObjectMetadata,
  ReadRef,
  RemovedObject,
  RemoveObject,
  UpdateMetadata,
  WriteConditions,
} from '../store/object.ts';
import { checkLockable, checkLockChange, checkRemovable, withDefaultRetention } from '../store/object-lock.ts';
import { checkQuota } from '../store/quota.ts';
import type { Moment } from '../store/snapshot.ts';
import { addUsage, usageOf } from '../store/usage.ts';
import { NULL_VERSION, versionIdOf } from '../store/version-id.ts';
import type { MemoryChangeFeed } from './memory-change-feed.ts';
import { encryptionOf } from './memory-encryption.ts';
import { MemorySnapshots } from './memory-snapshots.ts';
import { MemoryUploads } from './memory-uploads.ts';
import type { MemoryVersion, MemoryVersions } from './memory-versions.ts';

/** What all buckets of a store share. */
export interface MemoryStoreParts {
  readonly clock: Clock;
  readonly changes: MemoryChangeFeed;
  readonly nextStamp: () => number;
}

/** Bytes that are to become an object. */
export interface NewObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: ObjectMetadata;
  readonly partSizes?: readonly number[] | undefined;
  readonly origin?: Origin | undefined;
  readonly customerKey?: Uint8Array | undefined;
  readonly conditions?: WriteConditions | undefined;
}

const NO_METADATA: ObjectMetadata = { contentType: '', headers: {}, user: {} };

/** A bucket in memory, and what happens to its objects. */
export class MemoryBucket {
  readonly id: number;
  settings: Bucket;
  readonly versions: MemoryVersions;
  readonly snapshots: MemorySnapshots;
  readonly uploads: MemoryUploads;
  /** Of a fork: what it began with. */
  readonly #base: MemoryVersions;
  readonly #parts: MemoryStoreParts;

  constructor(id: number, settings: Bucket, { base, ...parts }: MemoryStoreParts & { readonly base: MemoryVersions }) {
    this.id = id;
    this.settings = settings;
    this.versions = base.copy();
    this.snapshots = new MemorySnapshots(settings.name);
    this.uploads = new MemoryUploads(parts.clock);
    this.#base = base;
    this.#parts = parts;
  }

  /** What a fork did not begin with. */
  get own(): MemoryVersions {
    return this.versions.without(this.#base);
  }

  versionsAt(moment: Moment = {}): MemoryVersions {
    return this.snapshots.versionsAt(this.versions, moment);
  }

  /** @throws HoldfastError `object.not-found`, `version.not-found`, `version.delete-marker` */
  version({ key, versionId, ...moment }: ReadRef & { readonly key: string }): MemoryVersion {
    const { name } = this.settings;
    const versions = this.versionsAt(moment);
    const found = versionId === undefined ? versions.current(key) : versions.named(key, versionId);
    if (found && !found.deleteMarker) return found;
    if (versionId === undefined) throw objectErrors.notFound(name, key);
    throw found
      ? objectErrors.versionIsDeleteMarker(name, key, versionId)
      : objectErrors.versionNotFound(name, key, versionId);
  }

  put(object: NewObject): ObjectInfo {
    const { key, bytes, conditions } = object;
    checkConditions(this.#target(key), this.versions.current(key)?.info, conditions);
    const replaced = this.#isVersioned ? undefined : this.versions.named(key, NULL_VERSION);
    const before = replaced && { size: replaced.info.size, deleteMarker: replaced.deleteMarker };
    this.checkRoom(addUsage(usageOf({ size: bytes.length, deleteMarker: false }), usageOf(before), -1));
    return this.#add(object);
  }

  /** @throws HoldfastError `bucket.quota-exceeded` */
  checkRoom(added: Usage): void {
    checkQuota(this.settings, this.versions.usage(), added);
  }

  remove(key: string, options: RemoveObject): RemovedObject {
    const { versionId, byLifecycle } = options;
    checkNoncurrent(this.#target(key), this.versions.find(key, versionId), options);
    if (versionId !== undefined) return this.#removeVersion(key, versionId, options);
    const current = this.versions.current(key);
    checkConditions(this.#target(key), current?.info, options);
    checkTagging(this.#target(key), current?.info.metadata, options);
    if (this.settings.versioning === 'disabled') {
      if (current) this.#drop(current, options);
      return { deleteMarker: false };
    }
    const marker = this.#add({ key, bytes: Buffer.alloc(0), etag: '', metadata: NO_METADATA }, { byLifecycle });
    return { versionId: marker.versionId, deleteMarker: true };
  }

  #removeVersion(key: string, versionId: string, options: RemoveObject): RemovedObject {
    const version = this.versions.named(key, versionId);
    checkConditions(this.#target(key), version?.info, options);
    checkTagging(this.#target(key), version?.info.metadata, options);
    if (!version) return { versionId, deleteMarker: false };
    const { bypassGovernance } = options;
    checkRemovable(this.#target(key), version.info.metadata, { now: this.#parts.clock.now(), bypassGovernance });
    this.#drop(version, options);
    return { versionId, deleteMarker: version.deleteMarker };
  }

  updateMetadata(key: string, change: UpdateMetadata): ObjectInfo {
    const { versionId, headers } = change;
    const version = this.version({ key, versionId });
    const before = version.info.metadata;
    const info = { ...version.info, metadata: withHeaders(before, headers) };
    checkLockable(this.settings, headers);
    const now = this.#parts.clock.now();
    checkLockChange(this.#target(key), { before, after: info.metadata }, { now, ...change });
    this.versions.replace({ ...version, info });
    return info;
  }

  get #isVersioned(): boolean {
    return this.settings.versioning === 'enabled';
  }

  #target(key: string) {
    return { bucket: this.settings.name, key };
  }

  /** On top; without enabled versioning in place of the null version. `marker`: it is a delete marker. */
  #add(object: NewObject, marker?: Pick<RemoveObject, 'byLifecycle'>): ObjectInfo {
    const { key, bytes, etag, metadata, partSizes, origin = 'put', customerKey } = object;
    const { clock, changes, nextStamp } = this.#parts;
    const deleteMarker = marker !== undefined;
    const now = clock.now();
    const stamp = nextStamp();
    const versionId = versionIdOf({ versioned: this.#isVersioned, stamp });
    const info: ObjectInfo = {
      key,
      size: bytes.length,
      etag,
      versionId,
      lastModified: now,
      metadata: deleteMarker ? metadata : withDefaultRetention(this.settings, metadata, now),
      ...(deleteMarker ? {} : { encryption: encryptionOf(customerKey) }),
      ...(partSizes ? { partSizes } : {}),
    };
    this.versions.add({ stamp, info, bytes, deleteMarker, customerKey });
    const change = { stamp, bucket: this.id, key, versionId };
    changes.push(
      marker
        ? { kind: 'delete-marker', ...change, byLifecycle: marker.byLifecycle }
        : { kind: 'created', ...change, size: info.size, etag, origin },
    );
    return info;
  }

  #drop(version: MemoryVersion, { byLifecycle }: Pick<RemoveObject, 'byLifecycle'>): void {
    const { key, versionId } = version.info;
    const { changes, nextStamp } = this.#parts;
    this.versions.remove(key, version);
    changes.push({ kind: 'removed', stamp: nextStamp(), bucket: this.id, key, versionId, byLifecycle });
  }
}

import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import { resolveRange } from './byte-range.ts';
import { checkConditions } from './conditions.ts';
import * as errors from './errors.ts';
import { type Bound, compareKeys, listPage } from './listing.ts';
import { checkPartNumber, chooseParts, MIN_PART_BYTES, multipartEtag } from './multipart.ts';
import { checkBucketName, checkKey, mergeDocuments } from './names.ts';
import type {
  Bucket,
  BucketChanges,
  BucketSettings,
  ByteRange,
  CopyObject,
  ListObjects,
  ListPage,
  MultipartUpload,
  ObjectInfo,
  ObjectMetadata,
  ObjectRead,
  ObjectStore,
  PartInfo,
  PartRef,
  PutObject,
  WriteConditions,
} from './object-store.ts';

interface StoredObject {
  readonly info: ObjectInfo;
  readonly bytes: Buffer;
}

interface StoredUpload extends MultipartUpload {
  readonly metadata: ObjectMetadata;
  readonly parts: Map<number, PartInfo & { readonly bytes: Buffer }>;
}

interface StoredBucket {
  bucket: Bucket;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, StoredUpload>;
}

export interface MemoryObjectStoreOptions {
  readonly clock?: Clock;
  readonly minPartBytes?: number;
}

/**
 * The contract in memory: for simulations and tests of what stands above the
 * store. It forgets everything, and old versions at once.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly #buckets = new Map<string, StoredBucket>();
  readonly #clock: Clock;
  readonly #minPartBytes: number;

  constructor({ clock = systemClock, minPartBytes = MIN_PART_BYTES }: MemoryObjectStoreOptions = {}) {
    this.#clock = clock;
    this.#minPartBytes = minPartBytes;
  }

  async createBucket(name: string, settings: Partial<BucketSettings> = {}): Promise<Bucket> {
    checkBucketName(name);
    if (this.#buckets.has(name)) throw errors.bucketExists(name);
    if (settings.versioning === 'suspended') throw errors.versioningSuspended(name);
    const bucket: Bucket = {
      name,
      createdAt: this.#clock.now(),
      versioning: settings.versioning ?? 'disabled',
      accessibility: settings.accessibility ?? 'private',
    };
    this.#buckets.set(name, { bucket, objects: new Map(), uploads: new Map() });
    return bucket;
  }

  async updateBucket(name: string, settings: BucketChanges): Promise<Bucket> {
    const stored = this.#bucket(name);
    if (settings.versioning === 'suspended') throw errors.versioningSuspended(name);
    if (stored.bucket.versioning === 'enabled' && settings.versioning === 'disabled') {
      throw errors.versioningStays(name);
    }
    stored.bucket = {
      ...stored.bucket,
      versioning: settings.versioning ?? stored.bucket.versioning,
      accessibility: settings.accessibility ?? stored.bucket.accessibility,
      documents: mergeDocuments(stored.bucket.documents, settings.documents),
    };
    return stored.bucket;
  }

  async deleteBucket(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    if (this.#bucket(name).objects.size > 0 && !force) throw errors.bucketNotEmpty(name);
    this.#buckets.delete(name);
  }

  bucket(name: string): Bucket | undefined {
    return this.#buckets.get(name)?.bucket;
  }

  buckets(): readonly Bucket[] {
    return [...this.#buckets.values()].map(({ bucket }) => bucket).sort((a, b) => compareKeys(a.name, b.name));
  }

  usage(name: string): { readonly objects: number; readonly bytes: number } {
    const objects = [...this.#bucket(name).objects.values()];
    return { objects: objects.length, bytes: objects.reduce((sum, { info }) => sum + info.size, 0) };
  }

  async put({ bucket, key, body, metadata, conditions }: PutObject): Promise<ObjectInfo> {
    checkKey(key);
    this.#bucket(bucket);
    const bytes = await collect(body);
    return this.#store(bucket, { key, bytes, etag: md5(bytes), metadata, conditions });
  }

  async head(bucket: string, key: string): Promise<ObjectInfo> {
    return this.#object(bucket, key).info;
  }

  async open(bucket: string, key: string): Promise<ObjectRead> {
    const { info, bytes } = this.#object(bucket, key);
    return {
      info,
      async *body(range?: ByteRange) {
        const { start, end } = resolveRange(range, bytes.length);
        if (end >= start) yield bytes.subarray(start, end + 1);
      },
      release() {},
    };
  }

  async remove(bucket: string, key: string, conditions?: WriteConditions): Promise<void> {
    const { objects } = this.#bucket(bucket);
    checkConditions({ bucket, key }, objects.get(key)?.info.etag, conditions);
    objects.delete(key);
  }

  async copy({ source, target, metadata, sourceConditions, conditions }: CopyObject): Promise<ObjectInfo> {
    checkKey(target.key);
    const { info, bytes } = this.#object(source.bucket, source.key);
    checkConditions(source, info.etag, sourceConditions);
    return this.#store(target.bucket, {
      key: target.key,
      bytes,
      etag: info.etag,
      metadata: metadata ?? info.metadata,
      conditions,
      partSizes: info.partSizes,
    });
  }

  async list({ bucket, ...request }: ListObjects): Promise<ListPage> {
    const objects = [...this.#bucket(bucket).objects.values()]
      .map(({ info }) => info)
      .sort((a, b) => compareKeys(a.key, b.key));
    return listPage((bound) => objects.filter(({ key }) => isBeyond(key, bound)), request);
  }

  async createUpload(bucket: string, key: string, metadata: ObjectMetadata): Promise<MultipartUpload> {
    checkKey(key);
    const upload = { uploadId: newId('upload'), key, initiatedAt: this.#clock.now() };
    this.#bucket(bucket).uploads.set(upload.uploadId, { ...upload, metadata, parts: new Map() });
    return upload;
  }

  async putPart(
    part: PartRef & { readonly partNumber: number; readonly body: AsyncIterable<Uint8Array> },
  ): Promise<PartInfo> {
    checkPartNumber(part.partNumber);
    this.#upload(part);
    const bytes = await collect(part.body);
    const info = {
      partNumber: part.partNumber,
      size: bytes.length,
      etag: md5(bytes),
      lastModified: this.#clock.now(),
    };
    this.#upload(part).parts.set(part.partNumber, { ...info, bytes });
    return info;
  }

  async listParts(upload: PartRef): Promise<readonly PartInfo[]> {
    return [...this.#upload(upload).parts.values()]
      .sort((a, b) => a.partNumber - b.partNumber)
      .map(({ bytes: _bytes, ...info }) => info);
  }

  async listUploads(
    bucket: string,
    { prefix = '' }: { readonly prefix?: string } = {},
  ): Promise<readonly MultipartUpload[]> {
    return [...this.#bucket(bucket).uploads.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId))
      .map(({ uploadId, key, initiatedAt }) => ({ uploadId, key, initiatedAt }));
  }

  async completeUpload(
    request: PartRef & {
      readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
      readonly conditions?: WriteConditions | undefined;
    },
  ): Promise<ObjectInfo> {
    const { metadata, parts } = this.#upload(request);
    const chosen = chooseParts(parts, request.parts, this.#minPartBytes);
    const info = this.#store(request.bucket, {
      key: request.key,
      bytes: Buffer.concat(chosen.map(({ bytes }) => bytes)),
      etag: multipartEtag(chosen),
      metadata,
      conditions: request.conditions,
      partSizes: chosen.map(({ size }) => size),
    });
    this.#bucket(request.bucket).uploads.delete(request.uploadId);
    return info;
  }

  async abortUpload(upload: PartRef): Promise<void> {
    this.#upload(upload);
    this.#bucket(upload.bucket).uploads.delete(upload.uploadId);
  }

  async close(): Promise<void> {}

  #bucket(name: string): StoredBucket {
    const stored = this.#buckets.get(name);
    if (!stored) throw errors.bucketNotFound(name);
    return stored;
  }

  #object(bucket: string, key: string): StoredObject {
    const object = this.#bucket(bucket).objects.get(key);
    if (!object) throw errors.objectNotFound(bucket, key);
    return object;
  }

  #upload({ bucket, key, uploadId }: PartRef): StoredUpload {
    const upload = this.#bucket(bucket).uploads.get(uploadId);
    if (!upload || upload.key !== key) throw errors.uploadNotFound(uploadId);
    return upload;
  }

  #store(
    bucket: string,
    object: {
      readonly key: string;
      readonly bytes: Buffer;
      readonly etag: string;
      readonly metadata: ObjectMetadata;
      readonly conditions: WriteConditions | undefined;
      readonly partSizes?: readonly number[] | undefined;
    },
  ): ObjectInfo {
    const { key, bytes, etag, metadata, conditions, partSizes } = object;
    const stored = this.#bucket(bucket);
    checkConditions({ bucket, key }, stored.objects.get(key)?.info.etag, conditions);
    const versionId = stored.bucket.versioning === 'enabled' ? newId('version') : 'null';
    const lastModified = this.#clock.now();
    const info: ObjectInfo = {
      key,
      size: bytes.length,
      etag,
      versionId,
      lastModified,
      metadata,
      ...(partSizes ? { partSizes } : {}),
    };
    stored.objects.set(key, { info, bytes });
    return info;
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

function isBeyond(key: string, { key: bound, edge }: Bound): boolean {
  if (edge === 'after-prefix' && key.startsWith(bound)) return false;
  const order = compareKeys(key, bound);
  return edge === 'at' ? order >= 0 : order > 0;
}

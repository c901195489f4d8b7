import { Readable } from 'node:stream';
import { resolveConfig, type StorageConfig, type StorageOptions } from './config.ts';
import { guessContentType } from './content-type.ts';
import { type CopyOptions, copyObject } from './copy.ts';
import { type HeadOptions, isAbsent, type OpenedObject, openObject, type ReadOptions } from './download.ts';
import { invalidArgument } from './errors.ts';
import { type ListedObject, type ListedPrefix, type ListOptions, listBucket } from './list.ts';
import { type ListedVersion, listVersions } from './list-versions.ts';
import { type ObjectInfo, toObjectInfo } from './object-headers.ts';
import { checkedKey } from './object-key.ts';
import { type ObjectVersionId, versionQuery } from './object-version.ts';
import { abortUpload } from './parts.ts';
import { conditionHeaders, type PutOptions, settingsHeaders } from './put-options.ts';
import { removeMany, removeOne } from './remove.ts';
import { S3Client } from './s3-client.ts';
import { type PutData, sourceOf } from './source.ts';
import { getTags, setTags, type Tags } from './tags.ts';
import { upload } from './upload.ts';
import { planUpload, type UploadPlan, type UploadPlanOptions } from './upload-plan.ts';
import { MIN_PART_SIZE } from './upload-request.ts';

export interface PutResult {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly type: string;
}

/** An object with its bytes. */
export interface StoredObject extends ObjectInfo {
  readonly body: Buffer;
  /** The same bytes for code that takes a stream. To stream from the server, use `open`. */
  stream(): Readable;
}

const DEFAULT_PART_SIZE = 8 * 1024 * 1024;
const DEFAULT_EXPIRY = 3600;
/** SigV4 allows seven days. */
const MAX_EXPIRY = 7 * 24 * 3600;

/**
 * One bucket: `new Storage('images')` by the name that holdfast.yaml gives the
 * resource, or by the bucket's own name; without a name the one in `BUCKET_NAME`.
 *
 * All methods throw `StorageError`, and the reason of `signal` when that is aborted.
 */
export class Storage {
  readonly #config: StorageConfig;
  readonly #client: S3Client;

  /** @throws StorageError `MissingConfiguration`, naming the variable that is not set */
  constructor(bucket?: string, options: StorageOptions = {}) {
    this.#config = resolveConfig(bucket, options);
    this.#client = new S3Client(this.#config);
  }

  /** The bucket's own name. */
  get bucket(): string {
    return this.#config.bucket;
  }

  /** Where the object store is reached from here. */
  get endpoint(): string {
    return this.#client.endpoint;
  }

  /**
   * Stores `data` under `key`, in place of what was there. When it resolves the object is
   * durable; when it rejects, the old one (or none) is there.
   */
  async put(key: string, data: PutData, options: PutOptions = {}): Promise<PutResult> {
    const { partSize = DEFAULT_PART_SIZE, concurrency = 4, signal, onProgress } = options;
    if (partSize < MIN_PART_SIZE) throw invalidArgument('`partSize` must be 5 MiB or more');
    if (!Number.isInteger(concurrency) || concurrency < 1) throw invalidArgument('`concurrency` must be 1 or more');
    const type = options.contentType ?? ((data instanceof Blob && data.type) || guessContentType(checkedKey(key)));
    const stored = await upload(this.#client, {
      key: checkedKey(key),
      source: sourceOf(data),
      headers: { 'content-type': type, ...settingsHeaders(options) },
      conditions: conditionHeaders(options),
      partSize,
      concurrency,
      signal,
      onProgress,
      resume: options.resume,
    });
    return { key, type, ...stored };
  }

  /** The object with its bytes in memory, `null` when there is none. */
  async get(key: string, options: ReadOptions = {}): Promise<StoredObject | null> {
    const opened = await this.open(key, options);
    if (opened === null) return null;
    const { type, size, etag, lastModified, versionId, metadata } = opened;
    const body = await opened.buffer();
    return {
      key,
      body,
      type,
      size,
      etag,
      lastModified,
      versionId,
      metadata,
      stream: () => Readable.from([body], { objectMode: false }),
    };
  }

  /** The object with its bytes still to come, for large ones; `null` when there is none. */
  async open(key: string, options: ReadOptions = {}): Promise<OpenedObject | null> {
    return openObject(this.#client, checkedKey(key), options);
  }

  /** All but the bytes; `null` when there is no such object. */
  async head(key: string, { versionId, signal }: HeadOptions = {}): Promise<ObjectInfo | null> {
    try {
      const answer = await this.#client.send({
        method: 'HEAD',
        key: checkedKey(key),
        query: versionQuery(versionId),
        signal,
      });
      return toObjectInfo(key, answer.headers);
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  /**
   * Objects in the order of their keys (UTF-8 bytes). With a `delimiter`, keys
   * that go on after it are given once, as `{ prefix }`.
   */
  list(
    options?: Omit<ListOptions, 'delimiter'> & { readonly delimiter?: undefined },
  ): AsyncIterableIterator<ListedObject>;
  list(options: ListOptions): AsyncIterableIterator<ListedObject | ListedPrefix>;
  list(options: ListOptions = {}): AsyncIterableIterator<ListedObject | ListedPrefix> {
    return listBucket(this.#client, options);
  }

  /** Every version and delete marker, by key, the newest first. */
  listVersions(options: Omit<ListOptions, 'delimiter'> = {}): AsyncIterableIterator<ListedVersion> {
    return listVersions(this.#client, options);
  }

  /** Gives up an upload that `put` with `resume` has kept. One that is gone is no error. */
  async abortUpload(key: string, uploadId: string): Promise<void> {
    return abortUpload(this.#client, { key: checkedKey(key), uploadId });
  }

  /** Removes objects, or with a `versionId` versions of them for good. What is not there is no error. */
  async remove(
    objects: string | ObjectVersionId | readonly (string | ObjectVersionId)[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    if (typeof objects === 'string') return removeOne(this.#client, { key: objects }, signal);
    if ('key' in objects) return removeOne(this.#client, objects, signal);
    const ids = objects.map((one) => (typeof one === 'string' ? { key: one } : one));
    return removeMany(this.#client, ids, signal);
  }

  /** Copies on the server, with type and metadata. An object that is copied to itself gets other ones. */
  async copy(
    from: string,
    to: string,
    options: CopyOptions = {},
  ): Promise<{ readonly key: string; readonly etag: string }> {
    const { fromBucket = this.bucket } = options;
    const source = fromBucket === this.bucket ? this.#client : new S3Client({ ...this.#config, bucket: fromBucket });
    const request = { source, fromBucket, from: checkedKey(from), to: checkedKey(to), options };
    return { key: to, etag: await copyObject(this.#client, request) };
  }

  /** Copies, then removes the source. A failure in between leaves both. */
  async move(
    from: string,
    to: string,
    options: CopyOptions = {},
  ): Promise<{ readonly key: string; readonly etag: string }> {
    if (from === to) throw invalidArgument(`cannot move "${from}" to itself`);
    const copied = await this.copy(from, to, options);
    await this.remove(from, options);
    return copied;
  }

  /**
   * A URL that lets anyone read the object for `expiresIn` seconds (default 3600, at
   * most 7 days); of a public bucket the plain URL. Asks nobody: synchronous, and no
   * sign that the object exists.
   */
  url(key: string, options: { readonly expiresIn?: number | undefined } = {}): string {
    if (this.#config.public) return this.#client.plainUrl(checkedKey(key));
    return this.#client.presign('GET', checkedKey(key), { expiresIn: checkedExpiry(options.expiresIn) });
  }

  /**
   * A URL that lets anyone PUT the object for `expiresIn` seconds, for instance a browser with
   * `upload` of `@holdfast/storage/browser`. With a `contentType` the request must carry exactly that.
   */
  uploadUrl(
    key: string,
    options: { readonly expiresIn?: number | undefined; readonly contentType?: string | undefined } = {},
  ): string {
    const headers: Record<string, string> = {};
    if (options.contentType !== undefined) headers['content-type'] = options.contentType;
    return this.#client.presign('PUT', checkedKey(key), { expiresIn: checkedExpiry(options.expiresIn), headers });
  }

  /**
   * What a browser needs to upload one file of known size with `upload` of `@holdfast/storage/browser`: in parts,
   * sent again one by one where they fail, and gone on with after a reload. JSON.
   */
  async uploadPlan(key: string, options: UploadPlanOptions): Promise<UploadPlan> {
    return planUpload(this.#client, {
      key: checkedKey(key),
      contentType: options.contentType ?? guessContentType(key),
      expiresIn: checkedExpiry(options.expiresIn),
      partSize: options.partSize ?? DEFAULT_PART_SIZE,
      options,
    });
  }

  /** Of the object, or of a version of it. @throws StorageError `NoSuchKey` */
  async getTags(key: string, options: HeadOptions = {}): Promise<Tags> {
    return getTags(this.#client, checkedKey(key), options);
  }

  /** In place of those there are; none takes them away. @throws StorageError `NoSuchKey` */
  async setTags(key: string, tags: Tags, options: HeadOptions = {}): Promise<void> {
    return setTags(this.#client, checkedKey(key), { ...options, tags });
  }
}

function checkedExpiry(expiresIn: number = DEFAULT_EXPIRY): number {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_EXPIRY) {
    throw invalidArgument(`\`expiresIn\` must be whole seconds from 1 to ${MAX_EXPIRY} (7 days), not ${expiresIn}`);
  }
  return expiresIn;
}

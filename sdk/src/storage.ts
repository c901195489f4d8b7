import { resolveConfig, type StorageConfig, type StorageOptions } from './config.ts';
import { guessContentType } from './content-type.ts';
import { type CopyOptions, copyObject, type MoveOptions } from './copy.ts';
import { customerKeyOf } from './customer-key.ts';
import { absent, invalidArgument } from './errors.ts';
import { checkedExpiry } from './expiry.ts';
import { type Moment, momentFields } from './moment.ts';
import { checkedKey } from './object-key.ts';
import type { HeadOptions, ObjectVersionId } from './object-version.ts';
import { abortUpload } from './parts.ts';
import { aclHeaders, conditionHeaders, type PutOptions, settingsHeaders } from './put-options.ts';
import { type ObjectRemoval, type RemoveOptions, removeMany, removeOne } from './remove.ts';
import { S3Client } from './s3-client.ts';
import { type SnapshotOptions, Snapshots } from './snapshots.ts';
import { type PutData, sourceOf } from './source.ts';
import { StorageReader } from './storage-reader.ts';
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

const DEFAULT_PART_SIZE = 8 * 1024 * 1024;

/**
 * One bucket: `new Storage('images')` by the name that holdfast.yaml gives the
 * resource, or by the bucket's own name; without a name the one in `BUCKET_NAME`.
 *
 * All methods throw `StorageError`, and the reason of `signal` when that is aborted.
 */
export class Storage extends StorageReader {
  readonly #config: StorageConfig;
  readonly #client: S3Client;
  readonly snapshots: Snapshots;

  /** @throws StorageError `MissingConfiguration`, naming the variable that is not set */
  constructor(bucket?: string, options: StorageOptions = {}) {
    const config = resolveConfig(bucket, options);
    const client = new S3Client(config);
    super(config, client);
    this.#config = config;
    this.#client = client;
    this.snapshots = new Snapshots(client);
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
      headers: { 'content-type': type, ...aclHeaders(options.acl), ...settingsHeaders(options) },
      conditions: conditionHeaders(options),
      partSize,
      concurrency,
      signal,
      onProgress,
      resume: options.resume,
      onRead: options.onRead,
    });
    return { key, type, ...stored };
  }

  /**
   * The bucket as a snapshot has it (by id or name), or as it was at a time: exact where the bucket has versions,
   * elsewhere as far as snapshots show it.
   */
  at(moment: Moment): StorageReader {
    const config = { ...this.#config, moment };
    return new StorageReader(config, new S3Client(config));
  }

  /** A new bucket that begins with what this one holds, or a snapshot of it, and goes its own way. Copies nothing. */
  async fork(
    bucket: string,
    { snapshot, signal }: SnapshotOptions & { readonly snapshot?: string | undefined } = {},
  ): Promise<void> {
    const headers = { 'x-holdfast-fork-of': this.bucket, ...momentFields(snapshot) };
    await new S3Client({ ...this.#config, bucket }).send({ method: 'PUT', headers, once: true, signal });
  }

  /** Gives up an upload that `put` with `resume` has kept. One that is gone is no error. */
  async abortUpload(key: string, uploadId: string): Promise<void> {
    return abortUpload(this.#client, { key: checkedKey(key), uploadId });
  }

  /**
   * Removes objects, or with a `versionId` versions of them for good. What is not there is no error, unless one
   * object is to go with `ifMatch`: then it is `NoSuchKey`. Several go together, each with an `ifMatch` of its own.
   */
  async remove(
    objects: string | ObjectVersionId | readonly (string | ObjectRemoval)[],
    options: RemoveOptions = {},
  ): Promise<void> {
    if (typeof objects === 'string') return removeOne(this.#client, { key: objects }, options);
    if ('key' in objects) return removeOne(this.#client, objects, options);
    if (options.bypassGovernance) throw invalidArgument('`bypassGovernance` is for one version');
    if (options.ifMatch !== undefined) throw invalidArgument('each of several objects has an `ifMatch` of its own');
    const ids = objects.map((one) => (typeof one === 'string' ? { key: one } : one));
    const { signal, onFailed } = options;
    return removeMany(this.#client, ids, { signal, onFailed });
  }

  /** Copies on the server, with type and metadata. An object that is copied to itself gets other ones. */
  async copy(
    from: string,
    to: string,
    options: CopyOptions = {},
  ): Promise<{ readonly key: string; readonly etag: string }> {
    const { fromBucket = this.bucket, fromCustomerKey } = options;
    const isOther = fromBucket !== this.bucket || fromCustomerKey !== undefined;
    const customerKey =
      fromCustomerKey === undefined ? this.#config.customerKey : customerKeyOf(fromCustomerKey ?? undefined);
    const source = isOther ? new S3Client({ ...this.#config, bucket: fromBucket, customerKey }) : this.#client;
    const request = { source, fromBucket, from: checkedKey(from), to: checkedKey(to), options };
    return { key: to, etag: await copyObject(this.#client, request) };
  }

  /**
   * Copies, then removes the source, unless something else was put there meanwhile: then it fails with
   * `PreconditionFailed`. A failure in between leaves both.
   */
  async move(
    from: string,
    to: string,
    options: MoveOptions = {},
  ): Promise<{ readonly key: string; readonly etag: string }> {
    if (from === to) throw invalidArgument(`cannot move "${from}" to itself`);
    const { fromBucket, fromCustomerKey, versionId, at }: CopyOptions = options;
    if ([fromBucket, fromCustomerKey, versionId, at].some((value) => value !== undefined))
      throw invalidArgument('a move is of what is there now, within the bucket: copy it, then remove it');
    const { signal } = options;
    const moved = await this.head(from, { signal });
    if (!moved) throw absent(from);
    const copied = await this.copy(from, to, options);
    await this.remove(from, { ifMatch: moved.etag, signal });
    return copied;
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

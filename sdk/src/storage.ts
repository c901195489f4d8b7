import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { resolveConfig, type StorageConfig, type StorageOptions } from './config.ts';
import { guessContentType } from './content-type.ts';
import { isAbsent, type OpenedObject, openObject, type ReadOptions } from './download.ts';
import { invalidArgument, StorageError } from './errors.ts';
import { type ListedObject, type ListedPrefix, type ListOptions, listBucket } from './list.ts';
import { metadataHeaders, type ObjectInfo, toObjectInfo } from './object-headers.ts';
import { S3Client } from './s3-client.ts';
import { encodePath } from './sigv4.ts';
import { type PutData, sourceOf } from './source.ts';
import { MIN_PART_SIZE, type UploadProgress, unquote, upload } from './upload.ts';
import { elements, escapeXml, text } from './xml.ts';

export interface PutOptions {
  /** Default: a Blob's own type, else guessed from the key's extension. */
  readonly contentType?: string | undefined;
  /** Kept with the object and given back by `get` and `head`; 2 KiB in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** `*`: only where there is no such object yet, else `PreconditionFailed`. */
  readonly ifNoneMatch?: '*' | undefined;
  /** Only where the present object has this ETag, else `PreconditionFailed`. */
  readonly ifMatch?: string | undefined;
  /** Data above this size goes in parts of it, several at once. Bytes, default 8 MiB, at least 5 MiB. */
  readonly partSize?: number | undefined;
  /** Parts under way at once, each held in memory. Default 4. */
  readonly concurrency?: number | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

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

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_PART_SIZE = 8 * 1024 * 1024;
const DEFAULT_EXPIRY = 3600;
/** SigV4 allows seven days. */
const MAX_EXPIRY = 7 * 24 * 3600;
const MAX_KEY_BYTES = 1024;
/** S3 DeleteObjects takes so many keys. */
const DELETE_BATCH = 1000;

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

  /**
   * Stores `data` under `key`, in place of what was there. When it resolves the object is
   * durable; when it rejects, the old one (or none) is there.
   */
  async put(key: string, data: PutData, options: PutOptions = {}): Promise<PutResult> {
    const { partSize = DEFAULT_PART_SIZE, concurrency = 4, signal, onProgress } = options;
    if (partSize < MIN_PART_SIZE) throw invalidArgument('`partSize` must be 5 MiB or more');
    if (!Number.isInteger(concurrency) || concurrency < 1) throw invalidArgument('`concurrency` must be 1 or more');
    const type = options.contentType ?? ((data instanceof Blob && data.type) || guessContentType(checked(key)));
    const stored = await upload(this.#client, {
      key: checked(key),
      source: sourceOf(data),
      headers: { 'content-type': type, ...optionalHeaders(options), ...metadataHeaders(options.metadata) },
      conditions: conditionHeaders(options),
      partSize,
      concurrency,
      signal,
      onProgress,
    });
    return { key, type, ...stored };
  }

  /** The object with its bytes in memory, `null` when there is none. */
  async get(key: string, options: ReadOptions = {}): Promise<StoredObject | null> {
    const opened = await this.open(key, options);
    if (opened === null) return null;
    const { type, size, etag, lastModified, metadata } = opened;
    const body = await opened.buffer();
    return {
      key,
      body,
      type,
      size,
      etag,
      lastModified,
      metadata,
      stream: () => Readable.from([body], { objectMode: false }),
    };
  }

  /** The object with its bytes still to come, for large ones; `null` when there is none. */
  async open(key: string, options: ReadOptions = {}): Promise<OpenedObject | null> {
    return openObject(this.#client, checked(key), options);
  }

  /** All but the bytes; `null` when there is no such object. */
  async head(key: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<ObjectInfo | null> {
    try {
      const answer = await this.#client.send({ method: 'HEAD', key: checked(key), signal: options.signal });
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

  /** Removes one object or many. What is not there is no error. */
  async remove(
    keys: string | readonly string[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    if (typeof keys === 'string') {
      await this.#client.send({ method: 'DELETE', key: checked(keys), signal: options.signal });
      return;
    }
    keys.forEach(checked);
    for (let start = 0; start < keys.length; start += DELETE_BATCH) {
      await this.#removeBatch(keys.slice(start, start + DELETE_BATCH), options.signal);
    }
  }

  /** Copies within the bucket, on the server, with type and metadata. */
  async copy(
    from: string,
    to: string,
    options: CopyOptions = {},
  ): Promise<{ readonly key: string; readonly etag: string }> {
    const source = `/${encodePath(`${this.bucket}/${checked(from)}`)}`;
    const answer = await this.#client.send({
      method: 'PUT',
      key: checked(to),
      headers: { 'x-amz-copy-source': source },
      signal: options.signal,
    });
    return { key: to, etag: unquote(text(answer.text, 'ETag')) };
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
    if (this.#config.public) return this.#client.plainUrl(checked(key));
    return this.#client.presign('GET', checked(key), { expiresIn: checkedExpiry(options.expiresIn) });
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
    return this.#client.presign('PUT', checked(key), { expiresIn: checkedExpiry(options.expiresIn), headers });
  }

  async #removeBatch(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('');
    const body = Buffer.from(
      `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}<Quiet>true</Quiet></Delete>`,
    );
    const headers = {
      'content-type': 'application/xml',
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    const answer = await this.#client.send({ method: 'POST', query: { delete: '' }, headers, body, signal });
    const failed = elements(answer.text, 'Error');
    const [first] = failed;
    if (first === undefined) return;
    const code = text(first, 'Code') ?? 'InternalError';
    throw new StorageError({
      code,
      status: answer.status,
      message: `${failed.length} of ${keys.length} objects could not be removed; the first is "${text(first, 'Key')}": ${text(first, 'Message')} (${code})`,
      retryable: code === 'InternalError' || code === 'SlowDown',
    });
  }
}

function checked(key: string): string {
  if (typeof key !== 'string' || key === '')
    throw invalidArgument('the key of an object must be a string that is not empty');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw invalidArgument(`the key "${key.slice(0, 40)}…" is longer than ${MAX_KEY_BYTES} bytes`);
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(key)) {
    throw invalidArgument(`the key ${JSON.stringify(key)} is not well-formed Unicode`);
  }
  return key;
}

function checkedExpiry(expiresIn: number = DEFAULT_EXPIRY): number {
  if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_EXPIRY) {
    throw invalidArgument(`\`expiresIn\` must be whole seconds from 1 to ${MAX_EXPIRY} (7 days), not ${expiresIn}`);
  }
  return expiresIn;
}

function optionalHeaders({ cacheControl, contentDisposition, contentEncoding }: PutOptions): Record<string, string> {
  return {
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...(contentDisposition === undefined ? {} : { 'content-disposition': contentDisposition }),
    ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
  };
}

function conditionHeaders({ ifNoneMatch, ifMatch }: PutOptions): Record<string, string> {
  return {
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${unquote(ifMatch)}"` }),
  };
}

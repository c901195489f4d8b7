import { Readable } from 'node:stream';
import type { StorageConfig } from './config.ts';
import { isAbsent, type OpenedObject, openObject, type ReadOptions } from './download.ts';
import { checkedExpiry } from './expiry.ts';
import { headObject } from './head.ts';
import { type ListedObject, type ListedPrefix, type ListOptions, listBucket } from './list.ts';
import { type ListedVersion, listVersions } from './list-versions.ts';
import { type ObjectInfo, toObjectInfo } from './object-headers.ts';
import { checkedKey } from './object-key.ts';
import type { HeadOptions } from './object-version.ts';
import type { S3Client } from './s3-client.ts';

/** An object with its bytes. */
export interface StoredObject extends ObjectInfo {
  readonly body: Buffer;
  /** The same bytes for code that takes a stream. To stream from the server, use `open`. */
  stream(): Readable;
}

/** What can be read of a bucket: as it is, or with `storage.at()` as it was. */
export class StorageReader {
  readonly #config: StorageConfig;
  readonly #client: S3Client;

  constructor(config: StorageConfig, client: S3Client) {
    this.#config = config;
    this.#client = client;
  }

  /** The bucket's own name. */
  get bucket(): string {
    return this.#config.bucket;
  }

  /** MD5 of the customer's key, in base64; `undefined` without one. ETags of objects under such a key tell nothing of their bytes. */
  get customerKeyMd5(): string | undefined {
    return this.#config.customerKey?.md5;
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
      const answer = await headObject(this.#client, { key: checkedKey(key), versionId, signal });
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

  /**
   * A URL that lets anyone read the object for `expiresIn` seconds (default 3600, at
   * most 7 days); of a public bucket the plain URL. Asks nobody: synchronous, and no
   * sign that the object exists.
   */
  url(key: string, options: { readonly expiresIn?: number | undefined } = {}): string {
    if (this.#config.public && this.#config.moment === undefined) return this.#client.plainUrl(checkedKey(key));
    return this.#client.presign('GET', checkedKey(key), { expiresIn: checkedExpiry(options.expiresIn) });
  }
}

import { guessContentType } from './content-type.ts';
import { customerKeyHeaders, sourceKeyHeaders } from './customer-key.ts';
import { invalidArgument, StorageError } from './errors.ts';
import { headObject } from './head.ts';
import { type Moment, momentFields } from './moment.ts';
import { partList, type UploadedPart } from './part-list.ts';
import { abortUpload, createUpload } from './parts.ts';
import { type ObjectSettings, settingsHeaders } from './put-options.ts';
import type { S3Client } from './s3-client.ts';
import { encodePath } from './sigv4.ts';
import { getTags, type Tags, tagsHeader } from './tags.ts';
import { storedEtag, unquote } from './unquote.ts';
import { MAX_PARTS, MIN_PART_SIZE } from './upload-request.ts';
import { text } from './xml.ts';

/** With `tags` the copy gets those in place of the source's; with any other setting those and none of the source's. */
export interface CopyOptions extends ObjectSettings {
  readonly contentType?: string | undefined;
  /** Default: this bucket. The key must be one that may read it. */
  readonly fromBucket?: string | undefined;
  /** The key that the source is under, where that is not the `customerKey` of this storage; `null`: none. */
  readonly fromCustomerKey?: Uint8Array | null | undefined;
  /** Of the source; copying an old version to its own key brings it back. */
  readonly versionId?: string | undefined;
  /** The source as a snapshot has it (by id or name), or as it was at a time; to its own key it is back. */
  readonly at?: Moment | undefined;
  /** An object above this size is copied by parts of it. Bytes, default and maximum 5 GiB, at least 5 MiB. */
  readonly partSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is moved is what is there now, within the bucket. */
export type MoveOptions = Omit<CopyOptions, 'fromBucket' | 'fromCustomerKey' | 'versionId' | 'at'>;

export interface CopyRequest {
  /** Reads the source. */
  readonly source: S3Client;
  readonly fromBucket: string;
  readonly from: string;
  readonly to: string;
  readonly options: CopyOptions;
}

/** S3's limit of CopyObject and of UploadPartCopy. */
const MAX_COPY_BYTES = 5 * 2 ** 30;
/** What CopyObject refuses a larger source with. */
const TOO_LARGE = new Set(['InvalidRequest', 'EntityTooLarge']);
/** HTTP headers that are the object's. */
const OWN_HEADERS = /^(x-amz-meta-.*|content-(type|encoding|language|disposition)|cache-control|expires)$/;

/** On the server; gives the ETag. */
export async function copyObject(client: S3Client, request: CopyRequest): Promise<string> {
  const { partSize } = request.options;
  if (partSize === undefined) {
    try {
      return await copyWhole(client, request);
    } catch (error) {
      if (!(error instanceof StorageError) || !TOO_LARGE.has(error.code)) throw error;
      const { size } = await sourceHead(request);
      if (size <= MAX_COPY_BYTES) throw error;
      return copyByParts(client, request, MAX_COPY_BYTES);
    }
  }
  if (partSize < MIN_PART_SIZE || partSize > MAX_COPY_BYTES) {
    throw invalidArgument('`partSize` of a copy must be from 5 MiB to 5 GiB');
  }
  const { size } = await sourceHead(request);
  return size > partSize ? copyByParts(client, request, partSize) : copyWhole(client, request);
}

async function copyWhole(client: S3Client, request: CopyRequest): Promise<string> {
  const { options } = request;
  const replaced = replacedHeaders(request);
  const headers = {
    ...sourceHeaders(client, request),
    ...(replaced && { 'x-amz-metadata-directive': 'REPLACE', ...replaced }),
    ...(options.tags && { 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': tagsHeader(options.tags) }),
  };
  const answer = await client.send({ method: 'PUT', key: request.to, headers, signal: options.signal });
  return storedEtag(text(answer.text, 'ETag'));
}

async function copyByParts(client: S3Client, request: CopyRequest, partSize: number): Promise<string> {
  const { to: key, options } = request;
  const { size, etag, headers } = await sourceHead(request);
  const length = Math.max(partSize, Math.ceil(size / MAX_PARTS));
  const uploadId = await createUpload(client, {
    key,
    headers: { ...(replacedHeaders(request) ?? headers), 'x-amz-tagging': tagsHeader(await tagsOf(request)) },
    signal: options.signal,
  });
  try {
    const parts: UploadedPart[] = [];
    for (let start = 0; start < size; start += length) {
      const answer = await client.send({
        method: 'PUT',
        key,
        query: { partNumber: String(parts.length + 1), uploadId },
        headers: {
          ...sourceHeaders(client, request),
          'x-amz-copy-source-range': `bytes=${start}-${Math.min(start + length, size) - 1}`,
          'x-amz-copy-source-if-match': `"${etag}"`,
        },
        signal: options.signal,
      });
      parts.push({ number: parts.length + 1, etag: storedEtag(text(answer.text, 'ETag')) });
    }
    const body = Buffer.from(partList(parts));
    const completed = await client.send({ method: 'POST', key, query: { uploadId }, body, signal: options.signal });
    return storedEtag(text(completed.text, 'ETag'));
  } catch (error) {
    await abortUpload(client, { key, uploadId }).catch(() => {});
    throw error;
  }
}

/** Where the bytes come from, and the keys that they are read and written under. */
function sourceHeaders(client: S3Client, request: CopyRequest): Record<string, string> {
  return {
    'x-amz-copy-source': copySource(request),
    ...momentFields(request.options.at),
    ...sourceKeyHeaders(request.source.customerKey),
    ...customerKeyHeaders(client.customerKey),
  };
}

function copySource({ fromBucket, from, options: { versionId } }: CopyRequest): string {
  const path = `/${encodePath(`${fromBucket}/${from}`)}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}

/** `undefined`: those of the source. Tags are apart: S3 replaces the one without the other. */
function replacedHeaders({ to, options: { tags: _, ...options } }: CopyRequest): Record<string, string> | undefined {
  const settings = settingsHeaders(options);
  if (options.contentType === undefined && options.metadata === undefined && Object.keys(settings).length === 0) {
    return undefined;
  }
  return { 'content-type': options.contentType ?? guessContentType(to), ...settings };
}

async function tagsOf({ source, from, options }: CopyRequest): Promise<Tags> {
  const { tags, versionId, at, signal } = options;
  return tags ?? getTags(source, from, { versionId, at, signal });
}

async function sourceHead({ source, from, options: { versionId, at, signal } }: CopyRequest) {
  const { headers } = await headObject(source, { key: from, versionId, headers: momentFields(at), signal });
  return {
    size: Number(headers['content-length'] ?? 0),
    etag: unquote(headers.etag),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) => (OWN_HEADERS.test(name) ? [[name, String(value)]] : [])),
    ),
  };
}

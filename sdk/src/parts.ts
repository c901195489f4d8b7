import { customerKeyHeaders } from './customer-key.ts';
import { invalidResponse, StorageError } from './errors.ts';
import { type StoredPart, storedParts } from './part-list.ts';
import type { S3Client } from './s3-client.ts';
import { text } from './xml.ts';

export interface UploadRef {
  readonly key: string;
  readonly uploadId: string;
  readonly signal?: AbortSignal | undefined;
}

/** S3 CreateMultipartUpload. `headers` say what the object will be. */
export async function createUpload(
  client: S3Client,
  {
    key,
    headers,
    signal,
  }: {
    readonly key: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string> {
  const all = { ...headers, ...customerKeyHeaders(client.customerKey) };
  const { text: xml } = await client.send({ method: 'POST', key, query: { uploads: '' }, headers: all, signal });
  const uploadId = text(xml, 'UploadId');
  if (uploadId !== undefined) return uploadId;
  throw invalidResponse(`upload id for "${key}"`);
}

/** S3 ListParts, every page; `undefined` when there is no such upload. */
export async function listParts(
  client: S3Client,
  { key, uploadId, signal }: UploadRef,
): Promise<StoredPart[] | undefined> {
  const found: StoredPart[] = [];
  let marker: string | undefined;
  do {
    const query = { uploadId, ...(marker === undefined ? {} : { 'part-number-marker': marker }) };
    const answer = await client.send({ method: 'GET', key, query, signal }).catch((error: unknown) => {
      if (error instanceof StorageError && error.code === 'NoSuchUpload') return undefined;
      throw error;
    });
    if (answer === undefined) return undefined;
    found.push(...storedParts(answer.text));
    marker = text(answer.text, 'IsTruncated') === 'true' ? text(answer.text, 'NextPartNumberMarker') : undefined;
  } while (marker !== undefined);
  return found;
}

/** S3 AbortMultipartUpload; one that is gone is no error. */
export async function abortUpload(client: S3Client, { key, uploadId, signal }: UploadRef): Promise<void> {
  await client.send({ method: 'DELETE', key, query: { uploadId }, signal }).catch((error: unknown) => {
    if (!(error instanceof StorageError) || error.code !== 'NoSuchUpload') throw error;
  });
}

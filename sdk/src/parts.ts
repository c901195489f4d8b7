import { StorageError } from './errors.ts';
import { unquote } from './etag.ts';
import type { S3Client } from './s3-client.ts';
import { elements, escapeXml, text } from './xml.ts';

/** A part that the server has. */
export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
}

export interface StoredPart extends UploadedPart {
  readonly size: number;
}

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
  const { text: xml } = await client.send({ method: 'POST', key, query: { uploads: '' }, headers, signal });
  const uploadId = text(xml, 'UploadId');
  if (uploadId !== undefined) return uploadId;
  throw new StorageError({ code: 'InvalidResponse', message: `no upload id for "${key}" in the server's answer` });
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
    found.push(...elements(answer.text, 'Part').map(toPart));
    marker = text(answer.text, 'IsTruncated') === 'true' ? text(answer.text, 'NextPartNumberMarker') : undefined;
  } while (marker !== undefined);
  return found;
}

function toPart(xml: string): StoredPart {
  return {
    number: Number(text(xml, 'PartNumber')),
    etag: unquote(text(xml, 'ETag')),
    size: Number(text(xml, 'Size')),
  };
}

/** S3 CompleteMultipartUpload's list. */
export function partList(parts: readonly UploadedPart[]): string {
  const list = parts.map(
    (part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>${escapeXml(`"${part.etag}"`)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`;
}

/** S3 AbortMultipartUpload; one that is gone is no error. */
export async function abortUpload(client: S3Client, { key, uploadId, signal }: UploadRef): Promise<void> {
  await client.send({ method: 'DELETE', key, query: { uploadId }, signal }).catch((error: unknown) => {
    if (!(error instanceof StorageError) || error.code !== 'NoSuchUpload') throw error;
  });
}

import { invalidArgument } from './errors.ts';
import { createUpload } from './parts.ts';
import { type ObjectSettings, settingsHeaders } from './put-options.ts';
import type { S3Client } from './s3-client.ts';
import { MIN_PART_SIZE } from './upload-request.ts';

/**
 * What a browser needs to upload one file, without another question to your server: JSON, to be handed to `upload`
 * of `@holdfast/storage/browser`. Whoever has it can upload this one object until it expires.
 */
export interface UploadPlan {
  readonly size: number;
  readonly contentType: string;
  /** PUT of a file that fits into one part. */
  readonly url?: string | undefined;
  readonly multipart?: MultipartPlan | undefined;
}

export interface MultipartPlan {
  readonly partSize: number;
  /** PUT of each part. */
  readonly partUrls: readonly string[];
  /** GET of what is stored already. */
  readonly listUrl: string;
  /** POST of the list of parts. */
  readonly completeUrl: string;
  /** DELETE. */
  readonly abortUrl: string;
}

export interface UploadPlanOptions extends ObjectSettings {
  /** Bytes of the file: no other length is taken. */
  readonly size: number;
  readonly contentType?: string | undefined;
  /** Seconds that the browser has for it. Default 3600, at most 7 days. */
  readonly expiresIn?: number | undefined;
  /** Default 8 MiB, more for files that would have above 1,000 parts. */
  readonly partSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A page of ListParts, so that one question tells all that is stored; and URLs that a page can hold. */
const MAX_PARTS = 1000;

export interface PlanRequest {
  readonly key: string;
  readonly contentType: string;
  readonly expiresIn: number;
  readonly partSize: number;
  readonly options: UploadPlanOptions;
}

export async function planUpload(client: S3Client, request: PlanRequest): Promise<UploadPlan> {
  const { key, contentType, expiresIn, options } = request;
  const { size, signal } = options;
  if (!Number.isSafeInteger(size) || size < 0) throw invalidArgument(`\`size\` must be a number of bytes, not ${size}`);
  if (request.partSize < MIN_PART_SIZE) throw invalidArgument('`partSize` must be 5 MiB or more');
  if (client.customerKey) throw invalidArgument("a browser is given no customer's key: use a storage without one");
  const headers = { 'content-type': contentType, ...settingsHeaders(options) };
  const partSize = Math.max(request.partSize, Math.ceil(size / MAX_PARTS));
  if (size <= partSize && Object.keys(headers).length === 1) {
    const signed = { ...headers, 'content-length': String(size) };
    return { size, contentType, url: client.presign('PUT', key, { expiresIn, headers: signed }) };
  }
  const uploadId = await createUpload(client, { key, headers, signal });
  const url = (method: 'GET' | 'POST' | 'DELETE') => client.presign(method, key, { expiresIn, query: { uploadId } });
  const partUrls = Array.from({ length: Math.max(1, Math.ceil(size / partSize)) }, (_, i) =>
    client.presign('PUT', key, {
      expiresIn,
      query: { uploadId, partNumber: String(i + 1) },
      headers: { 'content-length': String(Math.min(partSize, size - i * partSize)) },
    }),
  );
  const multipart = { partSize, partUrls, listUrl: url('GET'), completeUrl: url('POST'), abortUrl: url('DELETE') };
  return { size, contentType, multipart };
}

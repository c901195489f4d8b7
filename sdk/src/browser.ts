/** For browsers: sends a file to what `storage.uploadUrl()` or `storage.uploadPlan()` made on the server. */

import { transfer, UploadError } from './browser-transfer.ts';
import { md5 } from './md5.ts';
import { partList, type StoredPart, storedParts, type UploadedPart } from './part-list.ts';
import type { MultipartPlan, UploadPlan } from './upload-plan.ts';
import { text } from './xml.ts';

export type { UploadPlan };
export { UploadError };

export interface BrowserUploadOptions {
  /** With a URL: must be the one that `uploadUrl` was given, where it was given one. Default: the file's own type. */
  readonly contentType?: string | undefined;
  readonly onProgress?: ((progress: { readonly loaded: number; readonly total: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How often a request that did not get through is sent again, with back-off. Default 5. */
  readonly retries?: number | undefined;
  /** Parts under way at once. Default 3. */
  readonly concurrency?: number | undefined;
}

export interface UploadedFile {
  readonly etag: string | null;
}

type UploadData = Blob | ArrayBuffer | Uint8Array | string;

const RETRIES = 5;

/**
 * Resolves when the object is stored. A plan that was given before goes on with the parts that are stored and have
 * the bytes of this file: after a failure or a reload, keep the plan and the file, and call it again.
 * @throws UploadError; the signal's reason when aborted
 */
export async function upload(
  target: string | UploadPlan,
  data: UploadData,
  options: BrowserUploadOptions = {},
): Promise<UploadedFile> {
  if (typeof target === 'string') return put(target, data, options);
  const file = toBlob(data);
  if (file.size !== target.size) {
    throw new UploadError(`the plan is for ${target.size} bytes, the file has ${file.size}`, 0);
  }
  if (target.multipart) return sendParts(target.multipart, file, options);
  return put(target.url ?? '', file, { ...options, contentType: target.contentType });
}

/** Drops what a plan has stored so far. It cannot be gone on with. */
export async function abandon({ multipart }: UploadPlan): Promise<void> {
  if (multipart) await transfer({ method: 'DELETE', url: multipart.abortUrl }, RETRIES);
}

async function put(url: string, body: UploadData, options: BrowserUploadOptions): Promise<UploadedFile> {
  const { contentType, onProgress, signal, retries = RETRIES } = options;
  const onSent = onProgress && ((loaded: number, total: number) => onProgress({ loaded, total }));
  const { etag } = await transfer({ method: 'PUT', url, body, contentType, signal, onSent }, retries);
  return { etag };
}

async function sendParts(plan: MultipartPlan, file: Blob, options: BrowserUploadOptions): Promise<UploadedFile> {
  const { onProgress, signal, retries = RETRIES, concurrency = 3 } = options;
  const stored = await listStored(plan, options);
  const etags = new Map<number, string>();
  const loaded = new Map<number, number>();
  const report = (number: number, bytes: number) => {
    loaded.set(number, Math.max(bytes, loaded.get(number) ?? 0));
    onProgress?.({ loaded: [...loaded.values()].reduce((sum, one) => sum + one, 0), total: file.size });
  };
  const failed = new AbortController();
  const stop = () => failed.abort(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  const left = plan.partUrls.map((url, i) => ({ url, number: i + 1 }));
  const sender = async () => {
    for (let part = left.shift(); part && !failed.signal.aborted; part = left.shift()) {
      const { number, url } = part;
      const body = file.slice((number - 1) * plan.partSize, number * plan.partSize);
      const before = stored.get(number);
      const sent = (await hasBytes(before, body))
        ? before
        : await transfer(
            { method: 'PUT', url, body, signal: failed.signal, onSent: (sent) => report(number, sent) },
            retries,
          );
      if (sent?.etag) etags.set(number, sent.etag);
      report(number, body.size);
    }
  };
  try {
    if (signal?.aborted) throw signal.reason;
    await Promise.all(Array.from({ length: concurrency }, sender));
    if (signal?.aborted) throw signal.reason;
  } catch (error) {
    failed.abort(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  const parts = partsOf(plan, await listStored(plan, options));
  if (parts.some(({ number, etag }) => (etags.get(number) ?? etag) !== etag)) {
    throw new UploadError('another upload with the same plan has put parts of its own; try again', 0);
  }
  return complete(plan, parts, options);
}

/** ETags are taken from the list: an answer to a part shows its own only where the bucket's CORS rules expose it. */
function partsOf({ partUrls }: MultipartPlan, stored: ReadonlyMap<number, StoredPart>): UploadedPart[] {
  const parts = partUrls.flatMap((_, i) => stored.get(i + 1) ?? []);
  if (parts.length < partUrls.length) throw new UploadError('parts of the upload are gone', 0);
  return parts;
}

async function complete(
  { completeUrl }: MultipartPlan,
  parts: readonly UploadedPart[],
  { signal, retries = RETRIES }: BrowserUploadOptions,
): Promise<UploadedFile> {
  const answer = await transfer({ method: 'POST', url: completeUrl, body: partList(parts), signal }, retries);
  const code = answer.text.includes('<Error>') ? text(answer.text, 'Code') : undefined;
  if (code !== undefined) throw new UploadError(`the upload was refused: ${code}`, 200); // S3 may say so after its 200
  const etag = text(answer.text, 'ETag');
  if (!etag) throw new UploadError('what answered is no object store', 200); // the page of a proxy
  return { etag: etag.replace(/"/g, '') };
}

async function listStored(
  { listUrl }: MultipartPlan,
  { signal, retries = RETRIES }: BrowserUploadOptions,
): Promise<Map<number, StoredPart>> {
  const answer = await transfer({ method: 'GET', url: listUrl, signal }, retries);
  return new Map(storedParts(answer.text).map((part) => [part.number, part]));
}

async function hasBytes(part: StoredPart | undefined, body: Blob): Promise<boolean> {
  return part?.size === body.size && part.etag === md5(new Uint8Array(await body.arrayBuffer()));
}

function toBlob(data: UploadData): Blob {
  return data instanceof Blob ? data : new Blob([data as string]);
}

import { createHash } from 'node:crypto';
import { invalidArgument, StorageError } from './errors.ts';
import type { S3Client } from './s3-client.ts';
import type { Source } from './source.ts';
import { escapeXml, text } from './xml.ts';

export interface Upload {
  readonly key: string;
  readonly source: Source;
  /** Content type, metadata and the like. */
  readonly headers: Readonly<Record<string, string>>;
  /** `if-match` or `if-none-match`; decided by the server when the object would appear. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly partSize: number;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: UploadProgress) => void) | undefined;
}

export interface UploadProgress {
  /** Bytes sent so far; never goes back. */
  readonly loaded: number;
  /** Absent while the length of a stream is not known. */
  readonly total: number | undefined;
}

export interface Uploaded {
  readonly etag: string;
  readonly size: number;
}

interface Part {
  readonly number: number;
  readonly etag: string;
}

const MIB = 1024 * 1024;
/** S3's limits: at most 10,000 parts; all but the last of at least 5 MiB. */
const MAX_PARTS = 10_000;
export const MIN_PART_SIZE = 5 * MIB;

/** What fits into one part goes as one request, anything larger as a multipart upload. */
export async function upload(client: S3Client, request: Upload): Promise<Uploaded> {
  const { source, partSize } = request;
  const fitting = source.size === undefined ? partSize : Math.ceil(source.size / MAX_PARTS / MIB) * MIB;
  const parts = source.parts(Math.max(partSize, fitting));
  try {
    const first = await next(parts, request.signal);
    if (first.done) return await single(client, request, new Uint8Array());
    const second = await next(parts, request.signal);
    if (second.done) return await single(client, request, first.value);
    return await multipart(client, request, prepend([first.value, second.value], parts));
  } finally {
    // Not awaited: it waits for the chunk that a silent stream may never give.
    parts.return().catch(() => {});
    source.release?.();
  }
}

/** The next part, or the signal's reason: a stream that is silent must not hold up an abort. */
function next<T>(parts: AsyncIterator<T>, signal: AbortSignal | undefined): Promise<IteratorResult<T>> {
  if (signal === undefined) return parts.next();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = () => signal.removeEventListener('abort', abort);
    parts.next().then(resolve, reject).finally(done);
  });
}

async function single(client: S3Client, request: Upload, body: Uint8Array): Promise<Uploaded> {
  const progress = new Progress(request.onProgress, body.length);
  const answer = await client.send({
    method: 'PUT',
    key: request.key,
    headers: { ...request.headers, ...request.conditions },
    body,
    once: Object.keys(request.conditions).length > 0,
    signal: request.signal,
    onSent: request.onProgress && ((bytes) => progress.sent(1, bytes)),
  });
  return { etag: unquote(answer.headers.etag), size: body.length };
}

async function multipart(client: S3Client, request: Upload, parts: AsyncIterator<Uint8Array>): Promise<Uploaded> {
  const { key, headers, signal } = request;
  const created = await client.send({ method: 'POST', key, query: { uploads: '' }, headers, signal });
  const uploadId = text(created.text, 'UploadId');
  if (uploadId === undefined) {
    throw new StorageError({ code: 'InvalidResponse', message: `no upload id for "${key}" in the server's answer` });
  }
  try {
    const sent = await sendParts(client, request, { uploadId, parts });
    const etag = await complete(client, request, { uploadId, parts: sent.parts });
    return { etag, size: sent.size };
  } catch (error) {
    // Its parts would be kept, and paid for, until somebody looks. The first error is the one that matters.
    await client.send({ method: 'DELETE', key, query: { uploadId } }).catch(() => {});
    throw error;
  }
}

/** `concurrency` senders take parts from one iterator, which bounds the memory to as many parts and one. */
async function sendParts(
  client: S3Client,
  request: Upload,
  { uploadId, parts }: { uploadId: string; parts: AsyncIterator<Uint8Array> },
): Promise<{ parts: Part[]; size: number }> {
  const { key, source, signal } = request;
  const progress = new Progress(request.onProgress, source.size);
  const failed = new AbortController();
  const cancel = () => failed.abort(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  const sent: Part[] = [];
  let size = 0;
  let taken = 0;

  const sender = async (): Promise<void> => {
    while (!failed.signal.aborted) {
      const part = await next(parts, failed.signal);
      if (part.done || failed.signal.aborted) return;
      const number = ++taken;
      if (number > MAX_PARTS) throw tooManyParts(request);
      const answer = await client.send({
        method: 'PUT',
        key,
        query: { partNumber: String(number), uploadId },
        body: part.value,
        signal: failed.signal,
        onSent: request.onProgress && ((bytes) => progress.sent(number, bytes)),
      });
      sent.push({ number, etag: unquote(answer.headers.etag) });
      size += part.value.length;
    }
  };

  try {
    signal?.throwIfAborted();
    const senders = Array.from({ length: request.concurrency }, sender);
    await Promise.all(senders).catch(async (error) => {
      failed.abort(error);
      await Promise.allSettled(senders);
      throw error;
    });
    signal?.throwIfAborted();
    return { parts: sent.sort((a, b) => a.number - b.number), size };
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

async function complete(
  client: S3Client,
  { key, conditions, signal }: Upload,
  { uploadId, parts }: { uploadId: string; parts: readonly Part[] },
): Promise<string> {
  const list = parts.map(
    (part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>${escapeXml(`"${part.etag}"`)}</ETag></Part>`,
  );
  const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`;
  const once = Object.keys(conditions).length > 0;
  try {
    const headers = { 'content-type': 'application/xml', ...conditions };
    const query = { uploadId };
    const answer = await client.send({ method: 'POST', key, query, headers, body: Buffer.from(body), once, signal });
    return unquote(text(answer.text, 'ETag'));
  } catch (error) {
    // An answer that got lost: the upload is complete, and the repeated request finds it gone.
    if (!(error instanceof StorageError) || error.code !== 'NoSuchUpload') throw error;
    const expected = multipartEtag(parts);
    const head = await client.send({ method: 'HEAD', key, signal });
    if (unquote(head.headers.etag) !== expected) throw error;
    return expected;
  }
}

/** S3's ETag of a multipart object: the MD5 of the parts' MD5s, and how many there are. */
function multipartEtag(parts: readonly Part[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

/** Sums what parallel parts have sent; a part that is sent again does not take the figure back. */
class Progress {
  readonly #report: Upload['onProgress'];
  readonly #total: number | undefined;
  readonly #sent = new Map<number, number>();
  #loaded = 0;

  constructor(report: Upload['onProgress'], total: number | undefined) {
    this.#report = report;
    this.#total = total;
  }

  sent(part: number, bytes: number): void {
    const before = this.#sent.get(part) ?? 0;
    if (bytes <= before) return;
    this.#sent.set(part, bytes);
    this.#loaded += bytes - before;
    this.#report?.({ loaded: this.#loaded, total: this.#total });
  }
}

async function* prepend<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield* first;
  yield* rest;
}

function tooManyParts({ key, partSize }: Upload): StorageError {
  const limit = Math.floor((MAX_PARTS * partSize) / MIB / 1024);
  return invalidArgument(
    `"${key}" is longer than ${MAX_PARTS} parts of ${partSize / MIB} MiB (${limit} GiB); give a larger \`partSize\``,
  );
}

export function unquote(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"|"$/g, '');
}

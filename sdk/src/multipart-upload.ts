import { createHash } from 'node:crypto';
import { customerKeyHeaders } from './customer-key.ts';
import { invalidArgument, StorageError } from './errors.ts';
import { multipartEtag } from './etag.ts';
import { partList, type StoredPart, type UploadedPart } from './part-list.ts';
import { abortUpload, createUpload, listParts } from './parts.ts';
import type { S3Client } from './s3-client.ts';
import { storedEtag, unquote } from './unquote.ts';
import { ProgressSum } from './upload-progress.ts';
import { MAX_PARTS, next, type Upload, type Uploaded } from './upload-request.ts';
import { text } from './xml.ts';

interface Begun {
  readonly uploadId: string;
  /** What it has, by number. */
  readonly stored: ReadonlyMap<number, StoredPart>;
}

export async function multipart(
  client: S3Client,
  request: Upload,
  parts: AsyncIterator<Uint8Array>,
): Promise<Uploaded> {
  const begun = await begin(client, request);
  try {
    const sent = await sendParts(client, request, { ...begun, parts });
    const etag = await complete(client, request, { uploadId: begun.uploadId, parts: sent.parts });
    return { etag, size: sent.size };
  } catch (error) {
    // Its parts would be kept, and paid for, until somebody looks. The first error is the one that matters.
    if (!request.resume) await abortUpload(client, { key: request.key, uploadId: begun.uploadId }).catch(() => {});
    throw error;
  }
}

async function begin(client: S3Client, { key, headers, signal, resume }: Upload): Promise<Begun> {
  if (resume?.uploadId !== undefined) {
    const { uploadId } = resume;
    const parts = await listParts(client, { key, uploadId, signal });
    if (parts) return { uploadId, stored: new Map(parts.map((part) => [part.number, part])) };
  }
  const uploadId = await createUpload(client, { key, headers, signal });
  await resume?.onUpload(uploadId);
  return { uploadId, stored: new Map() };
}

/** `concurrency` senders take parts from one iterator, which bounds the memory to as many parts and one. */
async function sendParts(
  client: S3Client,
  request: Upload,
  { uploadId, stored, parts }: Begun & { readonly parts: AsyncIterator<Uint8Array> },
): Promise<{ parts: UploadedPart[]; size: number }> {
  const { key, source, signal } = request;
  const progress = new ProgressSum(request.onProgress, source.size);
  const failed = new AbortController();
  const cancel = () => failed.abort(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  const sent: UploadedPart[] = [];
  let size = 0;
  let taken = 0;

  const send = async (number: number, body: Uint8Array): Promise<string> => {
    const before = stored.get(number);
    if (before && hasBytes(before, body)) {
      progress.resumed(number, body.length);
      return before.etag;
    }
    const answer = await client.send({
      method: 'PUT',
      key,
      query: { partNumber: String(number), uploadId },
      headers: customerKeyHeaders(client.customerKey),
      body,
      signal: failed.signal,
      onSent: request.onProgress && ((bytes) => progress.sent(number, bytes)),
    });
    return storedEtag(answer.headers.etag);
  };
  const sender = async (): Promise<void> => {
    while (!failed.signal.aborted) {
      const part = await next(parts, failed.signal);
      if (part.done || failed.signal.aborted) return;
      const number = ++taken;
      if (number > MAX_PARTS) throw tooManyParts(request);
      sent.push({ number, etag: await send(number, part.value) });
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

/** The ETag of a part is the MD5 of its bytes. */
function hasBytes(part: StoredPart, body: Uint8Array): boolean {
  return part.size === body.length && part.etag === createHash('md5').update(body).digest('hex');
}

async function complete(
  client: S3Client,
  { key, conditions, signal }: Upload,
  { uploadId, parts }: { uploadId: string; parts: readonly UploadedPart[] },
): Promise<string> {
  const once = Object.keys(conditions).length > 0;
  try {
    const headers = { 'content-type': 'application/xml', ...conditions };
    const body = Buffer.from(partList(parts));
    const answer = await client.send({ method: 'POST', key, query: { uploadId }, headers, body, once, signal });
    return storedEtag(text(answer.text, 'ETag'));
  } catch (error) {
    // An answer that got lost: the upload is complete, and the repeated request finds it gone. One with a condition is
    // not repeated: then the object that is there is another's.
    if (once || !(error instanceof StorageError) || error.code !== 'NoSuchUpload') throw error;
    const expected = multipartEtag(parts);
    const head = await client.send({ method: 'HEAD', key, headers: customerKeyHeaders(client.customerKey), signal });
    if (unquote(head.headers.etag) !== expected) throw error;
    return expected;
  }
}

function tooManyParts({ key, partSize }: Upload): StorageError {
  const mib = partSize / 2 ** 20;
  const limit = Math.floor((MAX_PARTS * mib) / 1024);
  return invalidArgument(
    `"${key}" is longer than ${MAX_PARTS} parts of ${mib} MiB (${limit} GiB); give a larger \`partSize\``,
  );
}

import { createHash } from 'node:crypto';
import { customerKeyHeaders } from './customer-key.ts';
import { multipart } from './multipart-upload.ts';
import type { S3Client } from './s3-client.ts';
import { storedEtag } from './unquote.ts';
import { ProgressSum } from './upload-progress.ts';
import { next, partSizeFor, type Upload, type Uploaded } from './upload-request.ts';

/** What fits into one part goes as one request, anything larger as a multipart upload. */
export async function upload(client: S3Client, request: Upload): Promise<Uploaded> {
  const { source, partSize } = request;
  const parts = readThrough(source.parts(partSizeFor(source.size, partSize)), request.onRead);
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

/** With the MD5 of the body, which S3 wants where what is put will be locked (User Guide, "Managing Object Lock"). */
async function single(client: S3Client, request: Upload, body: Uint8Array): Promise<Uploaded> {
  const progress = new ProgressSum(request.onProgress, body.length);
  const md5 = createHash('md5').update(body).digest('base64');
  const answer = await client.send({
    method: 'PUT',
    key: request.key,
    headers: {
      'content-md5': md5,
      ...customerKeyHeaders(client.customerKey),
      ...request.headers,
      ...request.conditions,
    },
    body,
    once: Object.keys(request.conditions).length > 0,
    signal: request.signal,
    onSent: request.onProgress && ((bytes) => progress.sent(1, bytes)),
  });
  return { etag: storedEtag(answer.headers.etag), size: body.length };
}

async function* readThrough<T>(parts: AsyncIterable<T>, onRead: Upload['onRead']): AsyncGenerator<T, void, void> {
  yield* parts;
  await onRead?.();
}

async function* prepend<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield* first;
  yield* rest;
}

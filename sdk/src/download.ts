import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { customerKeyHeaders } from './customer-key.ts';
import { invalidArgument, invalidResponse, networkError, StorageError } from './errors.ts';
import { type ObjectInfo, toObjectInfo } from './object-headers.ts';
import { type HeadOptions, versionQuery } from './object-version.ts';
import { conditionHeaders } from './put-options.ts';
import type { S3Client } from './s3-client.ts';

/** Bytes `start` to `end`, both included, as in HTTP; without `end` to the last one. Or the `last` so many bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly last: number };

export interface ReadOptions extends HeadOptions {
  readonly range?: ByteRange | undefined;
  /** Only where the object has this ETag, else `PreconditionFailed`. */
  readonly ifMatch?: string | undefined;
  /** One part, as it was uploaded, counted from 1. */
  readonly partNumber?: number | undefined;
}

/** An object whose bytes are still on the server: call `stream`, `buffer` or `close`, and only one of them. */
export interface OpenedObject extends ObjectInfo {
  /** Bytes that the body has: `size`, or less with a range. */
  readonly length: number;
  /** The bytes at the reader's pace. A connection that breaks is made again from where it broke. */
  stream(): Readable;
  buffer(): Promise<Buffer>;
  /** Gives the body up unread. */
  close(): void;
}

/** `null` when there is no such object. */
export async function openObject(
  client: S3Client,
  key: string,
  { range, ifMatch, versionId, partNumber, signal }: ReadOptions,
): Promise<OpenedObject | null> {
  let response: IncomingMessage;
  const query = versionQuery(versionId);
  const part: Record<string, string> = partNumber === undefined ? {} : { partNumber: String(partNumber) };
  const headers = {
    ...rangeHeaders(range),
    ...conditionHeaders({ ifMatch }),
    ...customerKeyHeaders(client.customerKey),
  };
  try {
    response = await client.open({ method: 'GET', key, query: { ...query, ...part }, headers, signal });
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
  const info = toObjectInfo(key, response.headers);
  if (range !== undefined && !isAnswerTo(range, response, info.size)) throw wrongRange(response);
  const start = firstByte(response) ?? 0;
  const length = Number(response.headers['content-length'] ?? 0);
  const bytes = () => resumed(client, response, { info, query, position: start, end: start + length, signal });
  return {
    ...info,
    length,
    // One that is destroyed before it was read from has not begun with the bytes.
    stream: () => Readable.from(bytes(), { objectMode: false }).once('close', () => response.destroy()),
    buffer: () => collect(bytes(), length),
    close: () => void response.destroy(),
  };
}

/** What is absent is the object, not what it was looked for in; the answer to HEAD does not tell them apart. */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof StorageError) || error.status !== 404) return false;
  return error.code !== 'NoSuchBucket' && error.code !== 'NoSuchSnapshot';
}

function rangeHeaders(range: ByteRange | undefined): Record<string, string> {
  if (range === undefined) return {};
  if ('last' in range) {
    if (!Number.isSafeInteger(range.last) || range.last < 1) throw invalidArgument('`range.last` must be 1 or more');
    return { range: `bytes=-${range.last}` };
  }
  const { start, end } = range;
  const valid =
    Number.isSafeInteger(start) && start >= 0 && (end === undefined || (Number.isSafeInteger(end) && end >= start));
  if (!valid) throw invalidArgument(`the range ${start}-${end ?? ''} is none: 0 <= start <= end is needed`);
  return { range: `bytes=${start}-${end ?? ''}` };
}

/** RFC 9110, 14.2: a server may ignore a range; then the whole is good where the whole was asked for. */
function isAnswerTo(range: ByteRange, response: IncomingMessage, size: number): boolean {
  const first = firstByte(response);
  if ('last' in range) return first === Math.max(0, size - range.last) || (first === undefined && range.last >= size);
  if (first !== undefined) return first === range.start;
  return range.start === 0 && (range.end === undefined || range.end >= size - 1);
}

/** Where the bytes of a partial answer begin. */
function firstByte({ statusCode, headers }: IncomingMessage): number | undefined {
  const [, start] = /^bytes (\d+)-/.exec(headers['content-range'] ?? '') ?? [];
  return statusCode === 206 && start !== undefined ? Number(start) : undefined;
}

function wrongRange(response: IncomingMessage): StorageError {
  response.destroy();
  return invalidResponse('range that was asked for');
}

interface Interval {
  readonly info: ObjectInfo;
  /** Which version. */
  readonly query: Readonly<Record<string, string>>;
  readonly position: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

/** Bytes `position` to before `end`. `If-Match` keeps a resumed read from joining two versions of the object. */
async function* resumed(
  client: S3Client,
  first: IncomingMessage,
  { info, query, position: from, end, signal }: Interval,
): AsyncGenerator<Buffer, void, void> {
  let response = first;
  let position = from;
  for (let failures = 0; ; ) {
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        position += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (position === end) return;
      throw new Error(`the answer ended ${end - position} bytes early`);
    } catch (error) {
      signal?.throwIfAborted();
      failures += 1;
      if (failures > client.retries) throw networkError(error, client.endpoint);
    } finally {
      response.destroy();
    }
    await client.backOff(failures, signal);
    const same = { range: `bytes=${position}-${end - 1}`, 'if-match': `"${info.etag}"` };
    const headers = { ...same, ...customerKeyHeaders(client.customerKey) };
    response = await client.open({ method: 'GET', key: info.key, query, headers, signal });
    if (firstByte(response) !== position) throw wrongRange(response);
  }
}

async function collect(bytes: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const body = Buffer.allocUnsafe(length);
  let offset = 0;
  for await (const chunk of bytes) offset += chunk.copy(body, offset);
  return body;
}

import { invalidArgument, invalidResponse } from './errors.ts';
import type { S3Client } from './s3-client.ts';
import { unquote } from './unquote.ts';
import { decodeUrl, elements, text, wholeAnswer } from './xml.ts';

export interface ListOptions {
  /** Only keys that begin with it. */
  readonly prefix?: string | undefined;
  /** Usually `/`: lists one "directory". */
  readonly delimiter?: string | undefined;
  /** Stops after so many entries. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly prefix?: undefined;
}

export interface ListedPrefix {
  readonly prefix: string;
  readonly key?: undefined;
}

const PAGE = 1000;

/** Pages are asked for as the consumer gets to them. */
export async function* listBucket(
  client: S3Client,
  { prefix, delimiter, limit = Number.POSITIVE_INFINITY, signal }: ListOptions,
): AsyncGenerator<ListedObject | ListedPrefix, void, void> {
  if (!(limit > 0)) throw invalidArgument(`\`limit\` must be 1 or more, not ${limit}`);
  let left = limit;
  let token: string | undefined;
  do {
    const page = await listPage(client, { prefix, delimiter, limit: Math.min(left, PAGE), signal }, token);
    yield* page.entries.slice(0, left);
    left -= page.entries.length;
    token = page.next;
  } while (token !== undefined && left > 0);
}

/** S3 ListObjectsV2; `encoding-type=url` because XML 1.0 cannot hold every character that a key may have. */
async function listPage(
  client: S3Client,
  { prefix, delimiter, limit, signal }: ListOptions,
  token: string | undefined,
): Promise<{ entries: (ListedObject | ListedPrefix)[]; next: string | undefined }> {
  const query = {
    'list-type': '2',
    'encoding-type': 'url',
    'max-keys': String(limit),
    ...(prefix === undefined ? {} : { prefix }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(token === undefined ? {} : { 'continuation-token': token }),
  };
  const answer = await client.send({ method: 'GET', query, signal });
  const xml = wholeAnswer(answer.text, 'ListBucketResult');
  const decode = text(xml, 'EncodingType') === 'url' ? decodeUrl : (value: string) => value;
  const objects = elements(xml, 'Contents').map((item) => toListedObject(item, decode));
  const prefixes = elements(xml, 'CommonPrefixes').map((item) => ({ prefix: decode(text(item, 'Prefix') ?? '') }));
  return {
    entries: prefixes.length === 0 ? objects : [...objects, ...prefixes].sort(byName),
    next: nextToken(xml),
  };
}

function nextToken(xml: string): string | undefined {
  if (text(xml, 'IsTruncated') !== 'true') return undefined;
  const token = text(xml, 'NextContinuationToken');
  if (token) return token;
  throw invalidResponse('continuation token'); // what is left out would be taken for gone
}

function toListedObject(xml: string, decode: (value: string) => string): ListedObject {
  return {
    key: decode(text(xml, 'Key') ?? ''),
    size: Number(text(xml, 'Size')),
    etag: unquote(text(xml, 'ETag')),
    lastModified: new Date(text(xml, 'LastModified') ?? 0),
  };
}

function byName(a: ListedObject | ListedPrefix, b: ListedObject | ListedPrefix): number {
  return Buffer.compare(Buffer.from(a.key ?? a.prefix), Buffer.from(b.key ?? b.prefix));
}

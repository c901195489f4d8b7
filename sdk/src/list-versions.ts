import { invalidArgument, invalidResponse } from './errors.ts';
import type { ListOptions } from './list.ts';
import type { S3Client } from './s3-client.ts';
import { unquote } from './unquote.ts';
import { decodeUrl, elements, text, wholeAnswer } from './xml.ts';

/** What a key was, or that it was removed. */
export interface ListedVersion {
  readonly key: string;
  /** `null` of what was put before the bucket had versions. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly lastModified: Date;
  /** Says that the object was removed: it has no bytes. */
  readonly deleteMarker: boolean;
  /** 0 of a delete marker. */
  readonly size: number;
  /** Empty of a delete marker. */
  readonly etag: string;
}

const PAGE = 1000;

/** S3 ListObjectVersions: by key, the newest version first. */
export async function* listVersions(
  client: S3Client,
  { prefix, limit = Number.POSITIVE_INFINITY, signal }: Omit<ListOptions, 'delimiter'>,
): AsyncGenerator<ListedVersion, void, void> {
  if (!(limit > 0)) throw invalidArgument(`\`limit\` must be 1 or more, not ${limit}`);
  let left = limit;
  let marker: Record<string, string> | undefined = {};
  while (marker !== undefined && left > 0) {
    const query = { versions: '', 'encoding-type': 'url', 'max-keys': String(Math.min(left, PAGE)), ...marker };
    const answer = await client.send({
      method: 'GET',
      query: prefix === undefined ? query : { ...query, prefix },
      signal,
    });
    const page = readPage(wholeAnswer(answer.text, 'ListVersionsResult'));
    yield* page.versions;
    left -= page.versions.length;
    marker = page.next;
  }
}

function readPage(xml: string) {
  const decode = text(xml, 'EncodingType') === 'url' ? decodeUrl : (value: string) => value;
  const versions = [
    ...elements(xml, 'Version').map((item) => toVersion(item, { decode, deleteMarker: false })),
    ...elements(xml, 'DeleteMarker').map((item) => toVersion(item, { decode, deleteMarker: true })),
  ];
  return { versions: versions.sort(byKeyNewestFirst), next: nextMarker(xml, decode) };
}

function nextMarker(xml: string, decode: (value: string) => string): Record<string, string> | undefined {
  if (text(xml, 'IsTruncated') !== 'true') return undefined;
  const key = text(xml, 'NextKeyMarker');
  if (!key) throw invalidResponse('key marker'); // it would begin from the first key again
  const version = text(xml, 'NextVersionIdMarker');
  return {
    'key-marker': decode(key),
    ...(version === undefined ? {} : { 'version-id-marker': version }),
  };
}

function toVersion(
  xml: string,
  { decode, deleteMarker }: { readonly decode: (value: string) => string; readonly deleteMarker: boolean },
): ListedVersion {
  return {
    key: decode(text(xml, 'Key') ?? ''),
    versionId: text(xml, 'VersionId') ?? 'null',
    isLatest: text(xml, 'IsLatest') === 'true',
    lastModified: new Date(text(xml, 'LastModified') ?? 0),
    deleteMarker,
    size: Number(text(xml, 'Size') ?? 0),
    etag: unquote(text(xml, 'ETag')),
  };
}

/** Versions and delete markers stand apart in the answer; times have milliseconds, so the latest is named first. */
function byKeyNewestFirst(a: ListedVersion, b: ListedVersion): number {
  const byKey = Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  if (byKey !== 0) return byKey;
  if (a.isLatest !== b.isLatest) return a.isLatest ? -1 : 1;
  return b.lastModified.getTime() - a.lastModified.getTime();
}

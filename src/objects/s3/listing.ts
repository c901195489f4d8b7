import { uriEncode } from '../access/canonical-request.ts';
import type { ListPage } from '../store/list.ts';
import { listedChecksum } from './checksums/object-checksum.ts';
import { s3Errors } from './errors.ts';
import { isoTime, OWNER } from './operation.ts';
import type { XmlElements } from './xml.ts';

/** What the listings have in common. */
export interface Listing {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  readonly limit: number;
  readonly encodingType: 'url' | undefined;
  /** Keys as the client wants them in the XML. */
  readonly encode: (text: string) => string;
}

const MAX_KEYS = 1000;

/**
 * `x-amz-optional-object-attributes`: nothing here is ever in an archive to be restored from.
 * @throws HoldfastError `s3.invalid-argument`
 */
export function checkOptionalAttributes(headers: ReadonlyMap<string, string>): void {
  const names = (headers.get('x-amz-optional-object-attributes') ?? 'RestoreStatus').split(',');
  if (names.every((name) => name.trim() === 'RestoreStatus')) return;
  throw s3Errors.invalidArgument('Invalid attribute name specified');
}

/** @throws HoldfastError `s3.invalid-argument` */
export function readListing(query: ReadonlyMap<string, string>): Listing {
  const encodingType = query.get('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw s3Errors.invalidArgument('Invalid Encoding Method specified in Request');
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') || undefined,
    limit: readCount(query, 'max-keys', MAX_KEYS),
    encodingType,
    encode: encodingType === 'url' ? encodeKey : (text) => text,
  };
}

/** A count in the query, at most `max`, which it also is by default. */
export function readCount(query: ReadonlyMap<string, string>, name: string, max: number, fallback = max): number {
  const text = query.get(name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,10}$/.test(text)) throw s3Errors.invalidArgument(`${name} must be an integer of 0 or more`);
  return Math.min(Number(text), max);
}

export function listingEntries(
  { objects, commonPrefixes }: ListPage,
  { encode, owner }: { readonly encode: Listing['encode']; readonly owner: boolean },
): XmlElements {
  return {
    Contents: objects.map(({ key, lastModified, etag, size, metadata }) => ({
      Key: encode(key),
      LastModified: isoTime(lastModified),
      ETag: `"${etag}"`,
      ...listedChecksum(metadata),
      Size: size,
      StorageClass: 'STANDARD',
      Owner: owner ? OWNER : undefined,
    })),
    CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
}

/** As S3 does it: the slash stays. A space is `%20`, which every client decodes. */
function encodeKey(key: string): string {
  return key.split('/').map(uriEncode).join('/');
}

import { uriEncode } from '../access/canonical-request.ts';
import type { ListedObject, ListPage } from '../store/list.ts';
import { listedChecksum } from './checksums/object-checksum.ts';
import { s3Errors } from './errors.ts';
import { isoTime, OWNER } from './operation.ts';
import { type XmlElements, type XmlText, xml } from './xml.ts';

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
const PLAIN_KEY = /^[\w\-.~/]*$/;

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
  const ownerElement = owner ? xml`<Owner>${OWNER}</Owner>` : undefined;
  return {
    Contents: objects.map((object) => contents(object, encode, ownerElement)),
    CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
}

function contents(object: ListedObject, encode: Listing['encode'], owner: XmlText | undefined): XmlText {
  const { key, lastModified, etag, size } = object;
  return xml`<Key>${encode(key)}</Key><LastModified>${isoTime(lastModified)}</LastModified><ETag>&quot;${etag}&quot;</ETag>${listedChecksum(object)}<Size>${size}</Size><StorageClass>STANDARD</StorageClass>${owner}`;
}

/** As S3 does it: the slash stays. A space is `%20`, which every client decodes. */
function encodeKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : key.split('/').map(uriEncode).join('/');
}

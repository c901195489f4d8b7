import type { BucketChanges } from './bucket.ts';
import { bucketErrors } from './errors/bucket-errors.ts';
import { objectErrors } from './errors/object-errors.ts';
import type { ObjectMetadata } from './object.ts';

export const MAX_KEY_BYTES = 1024;
/** Room to spare over what an HTTP request's headers hold, and for the checksums of ten thousand parts. */
const MAX_METADATA_BYTES = 512 * 2 ** 10;
/** Far below a segment of the journal, far above what S3 allows of each kind. */
const MAX_DOCUMENTS_BYTES = 256 * 2 ** 10;

/**
 * S3 general purpose bucket names ("Bucket naming rules", Amazon S3 User Guide): names of
 * hosts, of whose labels none is empty, or begins or ends with a hyphen (RFC 1123 section 2.1).
 */
const BUCKET_NAME = /^(?=.{3,63}$)[a-z0-9](?:-*[a-z0-9])*(?:\.[a-z0-9](?:-*[a-z0-9])*)*$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** @throws HoldfastError `bucket.name` */
export function checkBucketName(name: string): void {
  if (!isBucketName(name)) throw bucketErrors.invalidName(name);
}

export function isBucketName(name: string): boolean {
  return BUCKET_NAME.test(name) && !IPV4.test(name);
}

/**
 * S3's limit of 1024 bytes. U+0000 is refused because it separates the key from
 * the version in the index, and because XML 1.0 cannot carry it in a listing.
 * @throws HoldfastError `object.key`
 */
export function checkKey(key: string): void {
  if (key.length === 0) throw objectErrors.invalidKey('is empty');
  if (key.includes('\0')) throw objectErrors.invalidKey('holds U+0000');
  if (isTooLong(key)) throw objectErrors.invalidKey(`is longer than ${MAX_KEY_BYTES} bytes`);
}

/** No object has such a key, and an index need not be able to look for one. */
export function isTooLong(key: string): boolean {
  return key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES;
}

/** @throws HoldfastError `object.metadata-size` */
export function checkMetadata(metadata: ObjectMetadata): void {
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > MAX_METADATA_BYTES) throw objectErrors.metadataTooLarge(bytes, MAX_METADATA_BYTES);
}

/**
 * The bucket's documents after a change.
 * @throws HoldfastError `bucket.documents-size`
 */
export function mergeDocuments(
  before: Readonly<Record<string, string>> | undefined,
  changes: BucketChanges['documents'],
): Readonly<Record<string, string>> | undefined {
  if (!changes) return before;
  const merged = Object.entries({ ...before, ...changes }).filter(([, text]) => text !== undefined);
  const documents = Object.fromEntries(merged) as Record<string, string>;
  const bytes = Buffer.byteLength(JSON.stringify(documents));
  if (bytes > MAX_DOCUMENTS_BYTES) throw bucketErrors.documentsTooLarge(bytes, MAX_DOCUMENTS_BYTES);
  return documents;
}

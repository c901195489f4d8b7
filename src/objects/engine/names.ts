import { bucketName, metadataTooLarge, objectKey } from './errors.ts';
import type { ObjectMetadata } from './object-store.ts';

const MAX_KEY_BYTES = 1024;
/** Room to spare over what an HTTP request's headers hold. */
const MAX_METADATA_BYTES = 32 * 2 ** 10;

/** S3 general purpose bucket names ("Bucket naming rules", Amazon S3 User Guide). */
const BUCKET_NAME = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** @throws HoldfastError `bucket.name` */
export function checkBucketName(name: string): void {
  if (!BUCKET_NAME.test(name) || name.includes('..') || IPV4.test(name)) throw bucketName(name);
}

/**
 * S3's limit of 1024 bytes. U+0000 is refused because it separates the key from
 * the version in the index, and because XML 1.0 cannot carry it in a listing.
 * @throws HoldfastError `object.key`
 */
export function checkKey(key: string): void {
  if (key.length === 0) throw objectKey('is empty');
  if (key.includes('\0')) throw objectKey('holds U+0000');
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw objectKey(`is longer than ${MAX_KEY_BYTES} bytes`);
  }
}

/** @throws HoldfastError `object.metadata-size` */
export function checkMetadata(metadata: ObjectMetadata): void {
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > MAX_METADATA_BYTES) throw metadataTooLarge(bytes, MAX_METADATA_BYTES);
}

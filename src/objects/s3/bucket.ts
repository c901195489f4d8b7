import type { Bucket } from '../store/bucket.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** @throws HoldfastError `bucket.not-found` */
export function requireBucket(store: ObjectStore, name: string): Bucket {
  const bucket = store.bucket(name);
  if (!bucket) throw bucketErrors.notFound(name);
  return bucket;
}

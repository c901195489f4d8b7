import { bucketNotFound } from '../engine/errors.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** @throws HoldfastError `bucket.not-found` */
export function requireBucket(store: ObjectStore, name: string): Bucket {
  const bucket = store.bucket(name);
  if (!bucket) throw bucketNotFound(name);
  return bucket;
}

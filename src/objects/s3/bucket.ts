import { bucketNotFound } from '../engine/errors.ts';
import type { Bucket, ObjectStore } from '../engine/object-store.ts';

/** @throws HoldfastError `bucket.not-found` */
export function requireBucket(store: ObjectStore, name: string): Bucket {
  const bucket = store.bucket(name);
  if (!bucket) throw bucketNotFound(name);
  return bucket;
}

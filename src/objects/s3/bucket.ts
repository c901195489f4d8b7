import { HoldfastError } from '../../core/errors.ts';
import type { Bucket, ObjectStore } from '../engine/object-store.ts';

/** @throws HoldfastError `bucket.not-found` */
export function requireBucket(store: ObjectStore, name: string): Bucket {
  const bucket = store.bucket(name);
  if (bucket) return bucket;
  throw new HoldfastError({
    code: 'bucket.not-found',
    kind: 'not-found',
    message: 'the specified bucket does not exist',
  });
}

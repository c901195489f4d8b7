import * as errors from './errors.ts';
import { mergeDocuments } from './names.ts';
import type { Bucket, BucketChanges, BucketSettings } from './object-store.ts';

/** A bucket as it begins. Object lock brings versioning with it. */
export function newBucket(name: string, createdAt: number, settings: Partial<BucketSettings>): Bucket {
  const versioning = settings.objectLock ? 'enabled' : 'disabled';
  return withSettings({ name, createdAt, versioning, accessibility: 'private' }, settings);
}

/**
 * The bucket after a change.
 * @throws HoldfastError `bucket.versioning-stays`, `bucket.lock-stays`, `bucket.lock-versioning`, `bucket.documents-size`
 */
export function withSettings(bucket: Bucket, changes: BucketChanges): Bucket {
  const { name } = bucket;
  const versioning = changes.versioning ?? bucket.versioning;
  const objectLock = changes.objectLock ?? bucket.objectLock;
  if (bucket.objectLock && versioning !== 'enabled') throw errors.bucketLockStays(name);
  if (versioning === 'disabled' && bucket.versioning !== 'disabled') throw errors.versioningStays(name);
  if (objectLock && versioning !== 'enabled') throw errors.bucketLockVersioning(name);
  return {
    ...bucket,
    versioning,
    accessibility: changes.accessibility ?? bucket.accessibility,
    ...(objectLock ? { objectLock } : {}),
    documents: mergeDocuments(bucket.documents, changes.documents),
  };
}

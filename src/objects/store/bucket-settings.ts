import type { Bucket, BucketChanges } from './bucket.ts';
import { bucketErrors } from './errors/bucket-errors.ts';
import { mergeDocuments } from './names.ts';
import { checkedQuota } from './quota.ts';

interface BucketBeginning extends Pick<Bucket, 'name' | 'createdAt'> {
  /** What the bucket is a fork of; a snapshot by its id. */
  readonly fork?: { readonly of: Bucket; readonly snapshot?: string | undefined } | undefined;
}

/** A bucket as it begins. Object lock brings versioning with it; a fork has both from what it shows. */
export function newBucket({ name, createdAt, fork }: BucketBeginning, settings: BucketChanges): Bucket {
  const versioning = settings.objectLock ? 'enabled' : (fork?.of.versioning ?? 'disabled');
  const plain: Bucket = { name, createdAt, versioning, accessibility: 'private' };
  return withSettings(fork ? { ...plain, ...forkSettings(fork) } : plain, settings);
}

function forkSettings({ of, snapshot }: NonNullable<BucketBeginning['fork']>): Partial<Bucket> {
  const forkOf = { bucket: of.name, ...(snapshot !== undefined && { snapshot }) };
  return { forkOf, ...(of.objectLock && { objectLock: of.objectLock }) };
}

/**
 * The bucket after a change.
 * @throws HoldfastError `bucket.versioning-stays`, `bucket.lock-stays`, `bucket.lock-versioning`, `bucket.documents-size`, `bucket.quota`
 */
export function withSettings(bucket: Bucket, changes: BucketChanges): Bucket {
  const { name } = bucket;
  const versioning = changes.versioning ?? bucket.versioning;
  const objectLock = changes.objectLock ?? bucket.objectLock;
  if (bucket.objectLock && versioning !== 'enabled') throw bucketErrors.lockStays(name);
  if (versioning === 'disabled' && bucket.versioning !== 'disabled') throw bucketErrors.versioningStays(name);
  if (objectLock && versioning !== 'enabled') throw bucketErrors.lockNeedsVersioning(name);
  const { quota: before = {}, ...rest } = bucket;
  const quota = checkedQuota(changes.quota ?? before);
  return {
    ...rest,
    versioning,
    accessibility: changes.accessibility ?? bucket.accessibility,
    ...(quota && { quota }),
    ...(objectLock ? { objectLock } : {}),
    documents: mergeDocuments(bucket.documents, changes.documents),
  };
}

import type { BucketInfo } from '../../objects/object-admin.ts';
import type { ControlContext } from '../reconcile/context.ts';
import { insert, isBucketName } from '../reconcile/storage-actions.ts';
import type { StorageRecord } from '../state/storage-store.ts';
import { findStorage } from './find-storage.ts';

/**
 * Buckets that S3 clients have made (`aws s3 mb`, `restic init`): they have no record until a command changes them, so
 * that nothing is left of what an S3 client deletes again. A record is there before its bucket, and after it.
 */
export async function s3Buckets({ state, drivers }: ControlContext): Promise<readonly BucketInfo[]> {
  const before = new Set((await drivers.objects.listBuckets({})).map(({ name }) => name));
  const recorded = await state.storage.takenRealNames();
  const now = await drivers.objects.listBuckets({});
  return now.filter(({ name }) => before.has(name) && !recorded.has(name));
}

/**
 * The record of the bucket, or that one which S3 clients have made has no record. That is what its name means, also
 * where an app calls another bucket so. @throws HoldfastError as `findStorage`
 */
export async function findBucket(context: ControlContext, id: string): Promise<StorageRecord | undefined> {
  if (isBucketName(id) && !(await context.state.storage.takenRealNames()).has(id)) {
    if ((await s3Buckets(context)).some(({ name }) => name === id)) return undefined;
  }
  return findStorage(context.state, { kind: 'bucket', id });
}

/** With a record from now on, as if a command had made it. @throws HoldfastError as `findStorage` */
export async function recordedBucket(context: ControlContext, id: string): Promise<StorageRecord> {
  return (await findBucket(context, id)) ?? context.storageTurns.named('bucket', () => adoptBucket(context, id));
}

/** Another may have been first. */
async function adoptBucket(context: ControlContext, id: string): Promise<StorageRecord> {
  const { state, config } = context;
  const found = await findBucket(context, id);
  if (found) return found;
  const bucket = { kind: 'bucket', app: null, name: id, realName: id, region: config.region } as const;
  const record = await insert(context, { ...bucket, origin: 'command' });
  await state.storage.update(record.id, { ready: true });
  return { ...record, ready: true };
}

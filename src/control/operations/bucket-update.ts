import * as errors from '../errors.ts';
import type { BucketChange } from '../platform.ts';
import { bucketInput } from '../reconcile/bucket-settings.ts';
import type { ControlContext } from '../reconcile/context.ts';
import { createStorage } from '../reconcile/storage-keeper.ts';
import type { BucketSettings, StorageRecord } from '../state/storage-store.ts';
import { recordedBucket } from './s3-buckets.ts';

/** What no app file has said of a bucket. */
const UNSAID: BucketSettings = { accessibility: 'private', versioning: false };

/**
 * Changes what is named and nothing else: the record knows only what commands have said, not what S3 clients have.
 * @throws HoldfastError `bucket.not-found`, `bucket.destroyed`, `bucket.of-app-file`, `bucket.domain-taken`
 */
export async function updateBucket(context: ControlContext, change: BucketChange & { readonly id: string }) {
  const { state, drivers, storageTurns } = context;
  const found = await recordedBucket(context, change.id);
  refuseUnchangeable(found);
  if (!found.ready) await createStorage(context, found);
  return storageTurns.ofLive(found.id, async (record) => {
    refuseUnchangeable(record);
    const settings = changed(record.settings ?? UNSAID, change);
    const { name, accessibility, quota, domains } = bucketInput(record, settings);
    await drivers.objects.ensureBucket({ name, accessibility, quota, domains });
    await state.storage.update(record.id, { settings });
    return record.id;
  });
}

function refuseUnchangeable(record: StorageRecord): void {
  if (record.state === 'destroyed') throw errors.bucketDestroyed(record.name);
  if (isInAppFile(record)) throw errors.bucketOfAppFile(record.name, record.app);
}

/** One that is detached was in a file, and is in none that serves: nothing but a command can change it. */
function isInAppFile({ origin, state }: StorageRecord): boolean {
  return origin === 'file' && state !== 'detached';
}

function changed(before: NonNullable<StorageRecord['settings']>, change: BucketChange): BucketSettings {
  const { accessibility = before.accessibility, quota = before.quota, domains = before.domains } = change;
  return { ...before, accessibility, quota: quota ?? undefined, domains };
}

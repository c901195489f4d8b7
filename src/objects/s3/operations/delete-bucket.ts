import type { Operation } from '../operation.ts';

/** Empty buckets only; `BucketNotEmpty` otherwise. */
export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  action: 'delete-bucket',
  async handle({ bucket }, { store }) {
    await store.deleteBucket(bucket);
    return { status: 204 };
  },
};

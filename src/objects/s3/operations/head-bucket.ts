import { requireBucket } from '../bucket.ts';
import type { Operation } from '../operation.ts';

export const headBucket: Operation = {
  name: 'HeadBucket',
  action: 'find-bucket',
  async handle({ bucket }, { store, region }) {
    requireBucket(store, bucket);
    return { status: 200, headers: { 'x-amz-bucket-region': region } };
  },
};

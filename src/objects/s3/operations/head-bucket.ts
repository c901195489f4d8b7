import { requireBucket } from '../bucket.ts';
import type { Operation } from '../operation.ts';

/** Also said to whom HeadBucket is forbidden: `GetBucketRegion` of the AWS SDKs for Go asks for it without a signature. */
export const BUCKET_REGION = 'x-amz-bucket-region';

export const headBucket: Operation = {
  name: 'HeadBucket',
  action: 'find-bucket',
  async handle({ bucket }, { store, region }) {
    requireBucket(store, bucket);
    return { status: 200, headers: { [BUCKET_REGION]: region } };
  },
};

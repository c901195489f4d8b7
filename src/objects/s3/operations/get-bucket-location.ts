import { requireBucket } from '../bucket.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  action: 'find-bucket',
  async handle({ bucket }, { store, region }) {
    requireBucket(store, bucket);
    // us-east-1 is written as nothing (S3 API, GetBucketLocation).
    return xmlResponse('LocationConstraint', region === 'us-east-1' ? '' : region);
  },
};

import { requireBucket } from '../bucket.ts';
import { type Operation, xmlResponse } from '../operation.ts';

const STATUS = { disabled: undefined, enabled: 'Enabled', suspended: 'Suspended' } as const;

export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const { versioning } = requireBucket(store, bucket);
    return xmlResponse('VersioningConfiguration', { Status: STATUS[versioning] });
  },
};

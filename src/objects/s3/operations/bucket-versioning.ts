import { requireBucket } from '../bucket.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

const STATUS = { disabled: undefined, enabled: 'Enabled', suspended: 'Suspended' } as const;

export const getBucketVersioning: Operation = {
  name: 'GetBucketVersioning',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const { versioning } = requireBucket(store, bucket);
    return xmlResponse('VersioningConfiguration', { Status: STATUS[versioning] });
  },
};

export const putBucketVersioning: Operation = {
  name: 'PutBucketVersioning',
  action: 'configure-bucket',
  async handle({ bucket, body, headers }, { store }) {
    const document = await readXml(await body(), 'VersioningConfiguration');
    // An aws cli that is told nothing about MFA says nothing; others say Disabled, which is what we do.
    if ((document.text('MfaDelete') ?? 'Disabled') !== 'Disabled' || headers.has('x-amz-mfa')) {
      throw s3Errors.notImplemented('MFA delete is not implemented');
    }
    await store.updateBucket(bucket, { versioning: readStatus(document.text('Status')) });
    return { status: 200 };
  },
};

function readStatus(status: string | undefined): 'enabled' | 'suspended' {
  if (status === 'Enabled') return 'enabled';
  if (status === 'Suspended') return 'suspended';
  throw s3Errors.malformedXml('the Status of versioning is Enabled or Suspended');
}

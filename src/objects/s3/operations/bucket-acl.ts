import { bucketAccess } from '../../access/bucket-access.ts';
import { aclXml, checkAcl, readAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const putBucketAcl: Operation = {
  name: 'PutBucketAcl',
  action: 'administer-bucket',
  async handle(request, { store }) {
    const bucket = requireBucket(store, request.bucket);
    const acl = await readAcl(request);
    checkAcl(bucket, request.headers, acl);
    await store.updateBucket(bucket.name, { documents: { acl: acl === 'private' ? undefined : acl } });
    return { status: 200 };
  },
};

export const getBucketAcl: Operation = {
  name: 'GetBucketAcl',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const { acl, aclsDisabled } = bucketAccess(requireBucket(store, bucket));
    return xmlResponse('AccessControlPolicy', aclXml(aclsDisabled ? 'private' : acl));
  },
};

import { bucketAccess } from '../../access/bucket-access.ts';
import { aclXml } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { objectAcl } from '../metadata.ts';
import { assertVersion, versionHeader } from '../object-response.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const getObjectAcl: Operation = {
  name: 'GetObjectAcl',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle(request, { store }) {
    const { aclsDisabled } = bucketAccess(requireBucket(store, request.bucket));
    const info = await store.head(request.bucket, request.key);
    assertVersion(request, info);
    const acl = aclsDisabled ? 'private' : objectAcl(info.metadata);
    return xmlResponse('AccessControlPolicy', aclXml(acl), { headers: versionHeader(info) });
  },
};

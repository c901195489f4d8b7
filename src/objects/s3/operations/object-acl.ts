import { bucketAccess } from '../../access/bucket-access.ts';
import { aclXml, checkAcl, readAcl } from '../acl.ts';
import { requireBucket } from '../bucket.ts';
import { aclAttribute, objectAcl } from '../metadata.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';

export const putObjectAcl: Operation = {
  name: 'PutObjectAcl',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, query } = request;
    const acl = await readAcl(request);
    checkAcl(requireBucket(store, bucket), request.headers, acl);
    const change = { ...readVersionId(query), headers: aclAttribute(acl) };
    const info = await orDeleteMarker(store, { bucket, key, ...change }, store.updateMetadata(bucket, key, change));
    return { status: 200, headers: versionHeader(store, bucket, info) };
  },
};

export const getObjectAcl: Operation = {
  name: 'GetObjectAcl',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle({ bucket, key, query }, { store }) {
    const { aclsDisabled } = bucketAccess(requireBucket(store, bucket));
    const version = readVersionId(query);
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    const acl = aclsDisabled ? 'private' : objectAcl(info.metadata);
    return xmlResponse('AccessControlPolicy', aclXml(acl), { headers: versionHeader(store, bucket, info) });
  },
};

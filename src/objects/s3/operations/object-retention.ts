import { s3Errors } from '../errors.ts';
import { readRetention, requireObjectLock, retentionXml } from '../object-lock.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { MAX_UNASKED_BYTES, readXml } from '../request-xml.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';

export const putObjectRetention: Operation = {
  name: 'PutObjectRetention',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, query } = request;
    requireObjectLock(store, bucket);
    const headers = readRetention(await readXml(await request.body(), 'Retention', { maxBytes: MAX_UNASKED_BYTES }));
    await request.access.locking(request, 'PutObjectRetention', headers);
    const bypassGovernance = await request.access.mayBypassGovernance(request, key);
    const change = { ...readVersionId(query), headers, bypassGovernance };
    const info = await orDeleteMarker(store, { bucket, key, ...change }, store.updateMetadata(bucket, key, change));
    return { status: 200, headers: versionHeader(store, bucket, info) };
  },
};

export const getObjectRetention: Operation = {
  name: 'GetObjectRetention',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle({ bucket, key, query }, { store }) {
    requireObjectLock(store, bucket);
    const version = readVersionId(query);
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    const retention = retentionXml(info.metadata);
    if (!retention) throw s3Errors.noSuchLock('The specified object does not have a ObjectLock configuration');
    return xmlResponse('Retention', retention);
  },
};

import { s3Errors } from '../errors.ts';
import { legalHoldXml, readLegalHold, requireObjectLock } from '../object-lock.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { MAX_UNASKED_BYTES, readXml } from '../request-xml.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';

export const putObjectLegalHold: Operation = {
  name: 'PutObjectLegalHold',
  action: 'write-object',
  async handle(request, { store }) {
    const { bucket, key, query } = request;
    requireObjectLock(store, bucket);
    const headers = readLegalHold(await readXml(await request.body(), 'LegalHold', { maxBytes: MAX_UNASKED_BYTES }));
    await request.access.locking(request, 'PutObjectLegalHold', headers);
    const change = { ...readVersionId(query), headers };
    const info = await orDeleteMarker(store, { bucket, key, ...change }, store.updateMetadata(bucket, key, change));
    return { status: 200, headers: versionHeader(store, bucket, info) };
  },
};

export const getObjectLegalHold: Operation = {
  name: 'GetObjectLegalHold',
  action: 'read-bucket', // unlike the bytes, not for the public
  async handle({ bucket, key, query }, { store }) {
    requireObjectLock(store, bucket);
    const version = readVersionId(query);
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    const hold = legalHoldXml(info.metadata);
    if (!hold) throw s3Errors.noSuchLock('The specified object does not have a ObjectLock configuration');
    return xmlResponse('LegalHold', hold);
  },
};

import { requireBucket } from '../bucket.ts';
import { s3Errors } from '../errors.ts';
import { lockConfigurationXml, readLockConfiguration } from '../object-lock.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

/** Turns object lock on, where versioning is; it is never off again. */
export const putObjectLockConfiguration: Operation = {
  name: 'PutObjectLockConfiguration',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const objectLock = readLockConfiguration(await readXml(await body(), 'ObjectLockConfiguration'));
    await store.updateBucket(bucket, { objectLock });
    return { status: 200 };
  },
};

export const getObjectLockConfiguration: Operation = {
  name: 'GetObjectLockConfiguration',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const { objectLock } = requireBucket(store, bucket);
    if (!objectLock) {
      throw s3Errors.noSuchLockConfiguration('Object Lock configuration does not exist for this bucket');
    }
    return xmlResponse('ObjectLockConfiguration', lockConfigurationXml(objectLock));
  },
};

import { requireBucket } from '../bucket.ts';
import { bucketEncryption, bucketEncryptionXml, readBucketEncryption } from '../configuration/bucket-encryption.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

const ROOT = 'ServerSideEncryptionConfiguration';

export const putBucketEncryption: Operation = {
  name: 'PutBucketEncryption',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const encryption = readBucketEncryption(await readXml(await body(), ROOT));
    if (!store.encrypts) throw s3Errors.notImplemented('this store was opened without a master key');
    await store.updateBucket(bucket, { documents: { encryption: JSON.stringify(encryption) } });
    return { status: 200 };
  },
};

export const getBucketEncryption: Operation = {
  name: 'GetBucketEncryption',
  action: 'read-bucket',
  async handle(request, { store }) {
    const bucket = requireBucket(store, request.bucket);
    if (!store.encrypts) throw s3Errors.noSuchEncryption('the server side encryption configuration was not found');
    return xmlResponse(ROOT, bucketEncryptionXml(bucketEncryption(bucket)));
  },
};

/** Back to the default, which encrypts as well. */
export const deleteBucketEncryption = documentRemoval('DeleteBucketEncryption', {
  action: 'configure-bucket',
  document: 'encryption',
});

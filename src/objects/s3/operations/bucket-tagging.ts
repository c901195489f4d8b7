import type { Tag } from '../../object-tags.ts';
import { requireBucket } from '../bucket.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';
import { readBucketTags, tagsXml } from '../tagging.ts';

export const putBucketTagging: Operation = {
  name: 'PutBucketTagging',
  action: 'configure-bucket',
  async handle({ bucket, body }, { store }) {
    const tags = readBucketTags(await readXml(await body(), 'Tagging'));
    await store.updateBucket(bucket, { documents: { tagging: JSON.stringify(tags) } });
    return { status: 204 };
  },
};

export const getBucketTagging: Operation = {
  name: 'GetBucketTagging',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const text = requireBucket(store, bucket).documents?.tagging;
    if (text === undefined) throw s3Errors.noSuchTagSet('the TagSet does not exist');
    return xmlResponse('Tagging', tagsXml(JSON.parse(text) as readonly Tag[]));
  },
};

export const deleteBucketTagging: Operation = {
  name: 'DeleteBucketTagging',
  action: 'configure-bucket',
  async handle({ bucket }, { store }) {
    await store.updateBucket(bucket, { documents: { tagging: undefined } });
    return { status: 204 };
  },
};

import type { Tag } from '../../object-tags.ts';
import { documentReader } from '../../store/document-reader.ts';
import { requireBucket } from '../bucket.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';
import { readBucketTags, tagsXml } from '../tagging.ts';

const bucketTags = documentReader<readonly Tag[]>('tagging');

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
    const tags = bucketTags(requireBucket(store, bucket));
    if (!tags) throw s3Errors.noSuchTagSet('the TagSet does not exist');
    return xmlResponse('Tagging', tagsXml(tags));
  },
};

export const deleteBucketTagging = documentRemoval('DeleteBucketTagging', {
  action: 'configure-bucket',
  document: 'tagging',
});

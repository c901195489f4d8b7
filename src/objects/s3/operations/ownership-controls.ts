import { bucketAccess } from '../../access/bucket-access.ts';
import { requireBucket } from '../bucket.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { findOwnership } from '../ownership.ts';
import { readXml } from '../request-xml.ts';

export const putBucketOwnershipControls: Operation = {
  name: 'PutBucketOwnershipControls',
  action: 'administer-bucket',
  async handle(request, { store }) {
    const bucket = requireBucket(store, request.bucket);
    const rules = (await readXml(await request.body(), 'OwnershipControls')).all('Rule');
    const [rule] = rules;
    if (!rule || rules.length > 1) throw s3Errors.malformedXml('one Rule is expected');
    const ownership = findOwnership(rule.text('ObjectOwnership')?.trim() ?? '');
    if (!ownership) throw s3Errors.malformedXml('the ObjectOwnership is none there is');
    if (ownership === 'BucketOwnerEnforced' && bucketAccess(bucket).acl !== 'private') {
      throw s3Errors.bucketAclWithOwnership(
        'the bucket has an ACL, which BucketOwnerEnforced rules out; make it private',
      );
    }
    await store.updateBucket(bucket.name, { documents: { ownership } });
    return { status: 200 };
  },
};

export const getBucketOwnershipControls: Operation = {
  name: 'GetBucketOwnershipControls',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const ownership = requireBucket(store, bucket).documents?.ownership;
    if (ownership === undefined) throw s3Errors.noSuchOwnership('the bucket ownership controls were not found');
    return xmlResponse('OwnershipControls', { Rule: { ObjectOwnership: ownership } });
  },
};

export const deleteBucketOwnershipControls = documentRemoval('DeleteBucketOwnershipControls', {
  action: 'administer-bucket',
  document: 'ownership',
});

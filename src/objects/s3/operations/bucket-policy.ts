import { bucketAccess } from '../../access/bucket-access.ts';
import { accessErrors } from '../../access/errors.ts';
import { checkApplicableKeys } from '../../access/policy/applicable-keys.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../../access/policy/parse-policy.ts';
import { isPublicPolicy } from '../../access/policy/policy.ts';
import { readText } from '../body/request-body.ts';
import { requireBucket } from '../bucket.ts';
import { documentRemoval } from '../document-removal.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const putBucketPolicy: Operation = {
  name: 'PutBucketPolicy',
  action: 'administer-bucket',
  async handle(request, { store }) {
    const bucket = requireBucket(store, request.bucket);
    const text = await readText(await request.body(), 4 * MAX_POLICY_BYTES); // a little too long is a malformed policy
    const policy = parsePolicy(text, bucket.name);
    checkApplicableKeys(policy);
    if (bucketAccess(bucket).block.blockPublicPolicy && isPublicPolicy(policy)) {
      throw accessErrors.denied('public policies are blocked by the public access block of the bucket');
    }
    await store.updateBucket(bucket.name, { documents: { policy: text } });
    return { status: 204 };
  },
};

export const getBucketPolicy: Operation = {
  name: 'GetBucketPolicy',
  action: 'read-bucket',
  async handle({ bucket, identity }, { store }) {
    // Not even whom it allows to: it is for keys of the account that the bucket belongs to (S3 API, GetBucketPolicy).
    if (identity.kind !== 'key') throw s3Errors.methodNotAllowed('a bucket policy is not read without a key');
    const policy = requireBucket(store, bucket).documents?.policy;
    if (policy === undefined) throw s3Errors.noSuchPolicy('the bucket policy does not exist');
    return { status: 200, headers: { 'content-type': 'application/json' }, body: policy };
  },
};

export const deleteBucketPolicy = documentRemoval('DeleteBucketPolicy', {
  action: 'administer-bucket',
  document: 'policy',
});

export const getBucketPolicyStatus: Operation = {
  name: 'GetBucketPolicyStatus',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const { policy, policyIsPublic } = bucketAccess(requireBucket(store, bucket));
    if (!policy) throw s3Errors.noSuchPolicy('the bucket policy does not exist');
    return xmlResponse('PolicyStatus', { IsPublic: policyIsPublic });
  },
};

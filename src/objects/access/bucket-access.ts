import type { Bucket } from '../engine/object-store.ts';
import { parsePolicy } from './policy/parse-policy.ts';
import { isPublicPolicy, type Policy } from './policy/policy.ts';

/** The four switches of the public access block (S3 User Guide, "Blocking public access"). */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

const OPEN: PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

/** What a bucket says about who may do what in it. */
export interface BucketAccess {
  /** Declared so: anyone may read its objects. */
  readonly isPublic: boolean;
  readonly policy: Policy | undefined;
  readonly policyIsPublic: boolean;
  readonly block: PublicAccessBlock;
}

/** Buckets are immutable: what they say is parsed once. */
const known = new WeakMap<Bucket, BucketAccess>();

export function bucketAccess(bucket: Bucket): BucketAccess {
  const before = known.get(bucket);
  if (before) return before;
  const { policy: text, 'public-access-block': block } = bucket.documents ?? {};
  const policy = text === undefined ? undefined : parsePolicy(text, bucket.name);
  const access: BucketAccess = {
    isPublic: bucket.accessibility === 'public',
    policy,
    policyIsPublic: policy !== undefined && isPublicPolicy(policy),
    block: block === undefined ? OPEN : (JSON.parse(block) as PublicAccessBlock),
  };
  known.set(bucket, access);
  return access;
}

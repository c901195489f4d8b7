import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';
import type { CannedAcl } from './acl.ts';
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

export const PUBLIC_ACCESS_BLOCK = 'public-access-block';
/** As it was set. */
export const publicAccessBlock = documentReader<PublicAccessBlock>(PUBLIC_ACCESS_BLOCK);

/** What a bucket says about who may do what in it. */
export interface BucketAccess {
  /** It was destroyed, and can be recovered until it is purged: nobody reads it, or writes what would go with it. */
  readonly isClosed: boolean;
  /** Declared so: anyone may read its objects. */
  readonly isPublic: boolean;
  readonly policy: Policy | undefined;
  readonly policyIsPublic: boolean;
  readonly block: PublicAccessBlock;
  /** By its ownership controls, the bucket takes no ACLs. */
  readonly aclsDisabled: boolean;
  /** ACLs are looked at, the bucket's and its objects'. */
  readonly aclsCount: boolean;
  /** The bucket's own, whether it counts or not. */
  readonly acl: CannedAcl;
}

/** The document of a bucket that was destroyed and can be recovered. */
export const CLOSED = 'closed';

export type ObjectOwnership = 'BucketOwnerEnforced' | 'BucketOwnerPreferred' | 'ObjectWriter';

/** Buckets are immutable: what they say is parsed once. */
const known = new WeakMap<Bucket, BucketAccess>();

export function bucketAccess(bucket: Bucket): BucketAccess {
  const before = known.get(bucket);
  if (before) return before;
  const { policy: text, ownership, acl = 'private' } = bucket.documents ?? {};
  const policy = text === undefined ? undefined : parsePolicy(text, bucket.name);
  const block = publicAccessBlock(bucket) ?? OPEN;
  const aclsDisabled = ownership === ('BucketOwnerEnforced' satisfies ObjectOwnership);
  const access: BucketAccess = {
    isClosed: bucket.documents?.[CLOSED] !== undefined,
    isPublic: bucket.accessibility === 'public',
    policy,
    policyIsPublic: policy !== undefined && isPublicPolicy(policy),
    block,
    aclsDisabled,
    aclsCount: !aclsDisabled && !block.ignorePublicAcls,
    acl: acl as CannedAcl,
  };
  known.set(bucket, access);
  return access;
}

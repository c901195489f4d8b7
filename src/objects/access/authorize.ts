import { aclLetsRead, BUCKET_READ_PERMISSIONS, OBJECT_READ_PERMISSIONS } from './acl.ts';
import type { Identity } from './authenticate.ts';
import type { BucketAccess } from './bucket-access.ts';
import type { ConditionContext } from './policy/condition.ts';
import { evaluatePolicy } from './policy/policy.ts';

/** What an operation does, as far as the scope of a key is concerned. */
export type Action =
  | 'list-buckets'
  | 'create-bucket'
  | 'delete-bucket'
  | 'administer-bucket' // what says who may do what
  | 'read-bucket' // listings, settings, uploads in progress
  | 'configure-bucket' // what changes nobody's access
  | 'read-object'
  | 'write-object'; // put, delete, multipart

export interface AccessRequest {
  readonly action: Action;
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  /** As policies name it: `s3:GetObject`. */
  readonly permission: string;
  /** Absent: there is no such bucket. */
  readonly access: BucketAccess | undefined;
  readonly context: ConditionContext;
}

/** Who set a policy that denies everything to everyone must still be able to take it back. */
const POLICY_PERMISSIONS = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']);

/** `by-object-acl`: only the ACL of the object that is read can allow it. */
export type Decision = 'allowed' | 'denied' | 'by-object-acl';

/**
 * Denied unless something allows it: the key's scope, the bucket's policy, that the
 * bucket is public, or an ACL. A Deny in the policy wins over all of them.
 */
export function decideAccess(identity: Identity, request: AccessRequest): Decision {
  const { action, bucket, key, permission, access, context } = request;
  const inScope = scopeAllows(identity, action, bucket);
  if (!access || action === 'create-bucket') return inScope ? 'allowed' : 'denied';
  const resource = key === '' ? bucket : `${bucket}/${key}`;
  const effect = access.policy && evaluatePolicy(access.policy, { identity, permission, resource, context });
  if (effect === 'deny') {
    return inScope && isOperator(identity) && POLICY_PERMISSIONS.has(permission) ? 'allowed' : 'denied';
  }
  if (inScope || opensToOthers(identity, request, access, effect)) return 'allowed';
  return access.aclsCount && OBJECT_READ_PERMISSIONS.has(permission) ? 'by-object-acl' : 'denied';
}

function opensToOthers(
  identity: Identity,
  { action, permission }: AccessRequest,
  { isPublic, policyIsPublic, block, aclsCount, acl }: BucketAccess,
  effect: 'allow' | undefined,
): boolean {
  const restricted = block.restrictPublicBuckets && identity.kind === 'anonymous';
  if (effect === 'allow' && !(restricted && policyIsPublic)) return true;
  if (isPublic && action === 'read-object' && !restricted) return true;
  return aclsCount && BUCKET_READ_PERMISSIONS.has(permission) && aclLetsRead(acl, identity);
}

/**
 * A key of a service reaches the objects of its buckets; making one of them is
 * harmless, deleting one and saying who may reach it is for operators: data
 * outlives the services that use it.
 */
function scopeAllows(identity: Identity, action: Action, bucket: string): boolean {
  if (identity.kind === 'anonymous') return false;
  if (identity.buckets === '*') return true;
  switch (action) {
    case 'list-buckets':
      return true; // which shows the key's own buckets only
    case 'administer-bucket':
      return isOperator(identity) && identity.buckets.includes(bucket);
    case 'create-bucket':
    case 'read-bucket':
    case 'configure-bucket':
    case 'read-object':
    case 'write-object':
      return identity.buckets.includes(bucket);
    default:
      return false;
  }
}

/** Of everything, or as `operator:<bucket>` of one bucket; services are `<app>/<service>`. */
function isOperator(identity: Identity): boolean {
  return identity.kind === 'key' && (identity.buckets === '*' || identity.owner.startsWith('operator:'));
}

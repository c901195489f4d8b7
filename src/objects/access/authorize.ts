import { aclLetsRead, BUCKET_READ_PERMISSIONS, OBJECT_READ_PERMISSIONS } from './acl.ts';
import type { Identity } from './authenticate.ts';
import type { BucketAccess } from './bucket-access.ts';
import { type Action, isOperator, type ScopedRequest, scopeAllows } from './key-scope.ts';
import type { ConditionContext } from './policy/condition-keys.ts';
import { evaluatePolicy } from './policy/policy.ts';

export interface AccessRequest extends ScopedRequest {
  /** As policies name it: `s3:GetObject`. */
  readonly permission: string;
  /** What was, and may be meant to be gone: that a bucket or an object is public says nothing of it, nor a public bucket of a version. */
  readonly past?: boolean | undefined;
  /** Absent: there is no such bucket. */
  readonly access: BucketAccess | undefined;
  readonly context: ConditionContext;
}

/** Who set a policy that denies everything to everyone must still be able to take it back. */
const POLICY_PERMISSIONS = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']);

/** Not even a policy gives it to others: whoever changes a policy could give themselves everything. */
const FOR_OPERATORS: ReadonlySet<Action> = new Set<Action>(['administer-bucket', 'delete-bucket']);

/**
 * `by-bucket-acl`: allowed, by nothing but that ACL. `by-object`: denied, unless the ACL of the object that is read
 * allows it. `closed`: denied by nothing but that the bucket is closed.
 */
export type Decision = 'allowed' | 'by-bucket-acl' | 'by-object' | 'denied' | 'closed';

/**
 * Denied unless something allows it: the key's scope, the bucket's policy, that the
 * bucket is public, or an ACL. A Deny in the policy wins over all of them, and a closed bucket over everything.
 */
export function decideAccess(identity: Identity, request: AccessRequest): Decision {
  const { action, bucket, key, permission, access, context } = request;
  const inScope = identity.kind === 'key' && scopeAllows(identity, request);
  if (!access || action === 'create-bucket') return inScope ? 'allowed' : 'denied';
  if (access.isClosed) return inScope ? 'closed' : 'denied';
  const resource = key === '' ? bucket : `${bucket}/${key}`;
  const effect = access.policy && evaluatePolicy(access.policy, { identity, permission, resource, context });
  if (effect === 'deny') {
    return inScope && isOperator(identity) && POLICY_PERMISSIONS.has(permission) ? 'allowed' : 'denied';
  }
  if (inScope || opensToOthers(identity, request, access, effect)) return 'allowed';
  if (request.past || FOR_OPERATORS.has(action)) return 'denied';
  if (access.aclsCount && BUCKET_READ_PERMISSIONS.has(permission) && aclLetsRead(access.acl, identity)) {
    return 'by-bucket-acl';
  }
  return OBJECT_READ_PERMISSIONS.has(permission) ? 'by-object' : 'denied';
}

function opensToOthers(
  identity: Identity,
  { action, permission, past }: AccessRequest,
  { isPublic, policyIsPublic, block }: BucketAccess,
  effect: 'allow' | undefined,
): boolean {
  if (FOR_OPERATORS.has(action)) return false;
  const restricted = block.restrictPublicBuckets && identity.kind === 'anonymous';
  if (effect === 'allow' && !(restricted && policyIsPublic)) return true;
  return isPublic && !past && action === 'read-object' && permission === 's3:GetObject' && !restricted;
}

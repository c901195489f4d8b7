import type { Identity } from './authenticate.ts';

/** What an ACL can say here: the canned ones that give no more than reading (S3 User Guide, "Canned ACL"). */
export type CannedAcl = 'private' | 'public-read' | 'authenticated-read';

/** Who reads by it: everyone, or whoever has a key of this store. */
export function aclLetsRead(acl: CannedAcl, identity: Identity): boolean {
  return acl === 'public-read' || (acl === 'authenticated-read' && identity.kind === 'key');
}

/** Reading a bucket is listing it; its objects have ACLs of their own. */
export const BUCKET_READ_PERMISSIONS: ReadonlySet<string> = new Set([
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:ListBucketMultipartUploads',
]);

export const OBJECT_READ_PERMISSIONS: ReadonlySet<string> = new Set(['s3:GetObject', 's3:GetObjectVersion']);

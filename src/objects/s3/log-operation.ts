import type { RoutedRequest } from './routed-request.ts';
import { findOperation } from './router.ts';

/** Where S3's logs name an operation by other words than its method and resource. */
const RENAMED: Readonly<Record<string, string>> = {
  CopyObject: 'REST.COPY.OBJECT',
  UploadPartCopy: 'REST.COPY.PART',
  Preflight: 'REST.OPTIONS.PREFLIGHT',
};

/** By the name of the operation; the others are of the bucket or the object as such. */
const RESOURCES: readonly (readonly [name: RegExp, resource: string])[] = [
  [/^ListObjectVersions$/, 'BUCKETVERSIONS'],
  [/^DeleteObjects$/, 'MULTI_OBJECT_DELETE'],
  [/^(?:CreateMultipartUpload|ListMultipartUploads)$/, 'UPLOADS'],
  [/^(?:CompleteMultipartUpload|AbortMultipartUpload|ListParts)$/, 'UPLOAD'],
  [/^UploadPart$/, 'PART'],
  [/Acl$/, 'ACL'],
  [/BucketPolicy$/, 'BUCKETPOLICY'],
  [/PolicyStatus$/, 'POLICY_STATUS'],
  [/PublicAccessBlock$/, 'PUBLIC_ACCESS_BLOCK'],
  [/OwnershipControls$/, 'OWNERSHIP_CONTROLS'],
  [/ObjectTagging$/, 'OBJECT_TAGGING'],
  [/BucketTagging$/, 'TAGGING'],
  [/ObjectAttributes$/, 'OBJECT_ATTRIBUTES'],
  [/ObjectLockConfiguration$/, 'OBJECT_LOCK_CONFIGURATION'],
  [/ObjectRetention$/, 'RETENTION'],
  [/ObjectLegalHold$/, 'LEGAL_HOLD'],
  [/BucketCors$/, 'CORS'],
  [/BucketEncryption$/, 'ENCRYPTION'],
  [/BucketLifecycle(?:Configuration)?$/, 'LIFECYCLE'],
  [/BucketLocation$/, 'LOCATION'],
  [/BucketLogging$/, 'LOGGING_STATUS'],
  [/BucketNotificationConfiguration$/, 'NOTIFICATION'],
  [/BucketVersioning$/, 'VERSIONING'],
  [/BucketWebsite$/, 'WEBSITE'],
  [/BucketSnapshots?$/, 'SNAPSHOTS'],
];

/** S3 User Guide, "Amazon S3 server access log format": `REST.<method>.<resource>`. `name`: as the router has it. */
export function logOperation(name: string, routed: RoutedRequest): string {
  const known = name === 'unknown' ? nameOf(routed) : name;
  const renamed = RENAMED[known];
  if (renamed) return renamed;
  const resource = RESOURCES.find(([pattern]) => pattern.test(known))?.[1];
  const { method, key } = routed;
  const isObject = key !== '' || known === 'PostObject';
  return `REST.${method}.${resource ?? (isObject ? 'OBJECT' : 'BUCKET')}`;
}

/** Of a request that was refused before anybody asked what it wanted. */
function nameOf(routed: RoutedRequest): string {
  try {
    return findOperation(routed).name;
  } catch {
    return 'unknown';
  }
}

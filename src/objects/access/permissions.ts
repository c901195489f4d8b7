import { namesMoment } from './moment-headers.ts';

/** What names a version, or the past. */
interface ReadRef {
  readonly versionId?: string | undefined;
  readonly snapshot?: string | undefined;
  readonly at?: number | undefined;
}

/** A request as far as its permissions are concerned. */
export interface PermissionRequest {
  /** Its name in the S3 API: `PutObject`. */
  readonly operation: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
}

/** Where the permission has another name than the operation (S3 User Guide, "Required permissions for Amazon S3 API operations"). */
const RENAMED: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  DeleteBucketCors: 'PutBucketCORS',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteObjects: 'DeleteObject',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketCors: 'GetBucketCORS',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  HeadBucket: 'ListBucket',
  HeadObject: 'GetObject',
  ListBuckets: 'ListAllMyBuckets',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListParts: 'ListMultipartUploadParts',
  PostObject: 'PutObject',
  PutBucketCors: 'PutBucketCORS',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
};

/** A named version is another permission than the object. */
const OF_VERSION: Readonly<Record<string, string>> = {
  DeleteObject: 'DeleteObjectVersion',
  DeleteObjectTagging: 'DeleteObjectVersionTagging',
  GetObject: 'GetObjectVersion',
  GetObjectAcl: 'GetObjectVersionAcl',
  GetObjectAttributes: 'GetObjectVersionAttributes',
  GetObjectTagging: 'GetObjectVersionTagging',
  PutObjectAcl: 'PutObjectVersionAcl',
  PutObjectTagging: 'PutObjectVersionTagging',
};

/** Those for which policies may ask for the tags that the object has (`s3:ExistingObjectTag`); not what makes or removes objects. */
const OF_TAGGED_OBJECT: ReadonlySet<string> = new Set(
  [
    'DeleteObjectTagging',
    'GetObject',
    'GetObjectAcl',
    'GetObjectAttributes',
    'GetObjectTagging',
    'PutObjectAcl',
    'PutObjectTagging',
  ].flatMap((name) => [`s3:${name}`.toLowerCase(), `s3:${OF_VERSION[name]}`.toLowerCase()]),
);

export function seesExistingTags(permission: string): boolean {
  return OF_TAGGED_OBJECT.has(permission.toLowerCase());
}

/** The permission of an operation, by its plain name, on an object or on a version: one that is named, or of the past. */
export function objectPermission(name: string, { versionId, snapshot, at }: ReadRef): string {
  const isOfVersion = (versionId ?? snapshot ?? at) !== undefined;
  return `s3:${isOfVersion ? (OF_VERSION[name] ?? name) : name}`;
}

/** What a policy must not deny: all of it, `s3:…`. What it does itself comes first. */
export function permissionsOf({ operation, query, headers }: PermissionRequest): readonly string[] {
  const plain = RENAMED[operation] ?? operation;
  const isPast = namesMoment(headers);
  const listed = isPast && plain === 'ListBucket' ? 'ListBucketVersions' : plain;
  const name = query.has('versionId') || isPast ? (OF_VERSION[listed] ?? listed) : listed;
  const permissions = [`s3:${name}`];
  if (operation === 'GetObjectAttributes') {
    permissions.push(query.has('versionId') ? 's3:GetObjectVersion' : 's3:GetObject');
  }
  if (CREATIONS.has(operation)) {
    for (const [header, permission] of GIVEN_AT_CREATION) if (headers.has(header)) permissions.push(permission);
  }
  return permissions;
}

/** S3 API, CopyObject and UploadPartCopy, "Authentication and authorization"; S3 User Guide, "Multipart upload API and permissions". */
const SIGNED_ONLY: ReadonlySet<string> = new Set(['CopyObject', 'CreateMultipartUpload', 'UploadPartCopy']);

/** What nobody does without a key, whatever a policy allows everyone. */
export function needsKey(operation: string): boolean {
  return SIGNED_ONLY.has(operation);
}

const CONDITIONAL: ReadonlySet<string> = new Set([
  'CompleteMultipartUpload',
  'CopyObject',
  'DeleteObject',
  'PostObject',
  'PutObject',
]);

/**
 * Whether a write goes by more of the object than that it is there, which then must be readable to
 * whoever asks (S3 User Guide, "Adding preconditions to S3 operations").
 */
export function comparesObject({ operation, headers }: Omit<PermissionRequest, 'query'>): boolean {
  if (!CONDITIONAL.has(operation)) return false;
  const isOfEtag = (headers.get('if-match') ?? '*').trim() !== '*';
  return isOfEtag || headers.has('x-amz-if-match-size') || headers.has('x-amz-if-match-last-modified-time');
}

const CREATIONS: ReadonlySet<string> = new Set(['PutObject', 'PostObject', 'CopyObject', 'CreateMultipartUpload']);

/** What a request that makes an object may give it besides, which is a permission of its own. */
const GIVEN_AT_CREATION = [
  ['x-amz-acl', 's3:PutObjectAcl'],
  ['x-amz-tagging', 's3:PutObjectTagging'],
  ['x-amz-object-lock-mode', 's3:PutObjectRetention'],
  ['x-amz-object-lock-legal-hold', 's3:PutObjectLegalHold'],
] as const;

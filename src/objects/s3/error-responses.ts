import type { ErrorKind, HoldfastError } from '../../core/errors.ts';

/** Code and status as in the S3 API Reference, "Error Responses". */
export interface S3ErrorCode {
  readonly code: string;
  readonly status: number;
}

const CODES: Readonly<Record<string, readonly [code: string, status: number]>> = {
  'access.authorization': ['InvalidArgument', 400],
  'access.denied': ['AccessDenied', 403],
  'access.expired': ['AccessDenied', 403],
  'access.form-malformed': ['InvalidArgument', 400],
  'access.header-malformed': ['AuthorizationHeaderMalformed', 400],
  'access.key-expired': ['ExpiredToken', 400],
  'access.key-unknown': ['InvalidAccessKeyId', 403],
  'access.mechanism': ['InvalidRequest', 400],
  'access.not-yet-valid': ['AccessDenied', 403],
  'access.payload-hash': ['InvalidArgument', 400],
  'access.payload-hash-missing': ['InvalidRequest', 400],
  'access.payload-unsupported': ['NotImplemented', 501],
  'access.policy-malformed': ['MalformedPolicy', 400],
  'access.post-policy': ['AccessDenied', 403],
  'access.query-malformed': ['AuthorizationQueryParametersError', 400],
  'access.signature': ['SignatureDoesNotMatch', 403],
  'access.skew': ['RequestTimeTooSkewed', 403],
  'access.token': ['InvalidToken', 400],
  'bucket.exists': ['BucketAlreadyOwnedByYou', 409],
  'bucket.has-forks': ['BucketHasForks', 409],
  'bucket.has-snapshots': ['BucketHasSnapshots', 409],
  'bucket.key-lost': ['KMS.NotFoundException', 400],
  'bucket.lock-stays': ['InvalidBucketState', 409],
  'bucket.lock-versioning': ['InvalidBucketState', 409],
  'bucket.name': ['InvalidBucketName', 400],
  'bucket.not-empty': ['BucketNotEmpty', 409],
  'bucket.not-found': ['NoSuchBucket', 404],
  'bucket.quota-exceeded': ['QuotaExceeded', 403],
  'bucket.versioning-stays': ['InvalidBucketState', 409],
  'disk.full': ['ServiceUnavailable', 503],
  'encryption.key': ['InvalidArgument', 400],
  'encryption.key-missing': ['InvalidRequest', 400],
  'encryption.key-needless': ['InvalidRequest', 400],
  'encryption.key-wrong': ['AccessDenied', 403],
  'encryption.unavailable': ['NotImplemented', 501],
  'object.digest': ['BadDigest', 400],
  'object.not-found': ['NoSuchKey', 404],
  'object.key': ['InvalidArgument', 400],
  'object.metadata-size': ['MetadataTooLarge', 400],
  'object.lock-unavailable': ['InvalidRequest', 400],
  'object.locked': ['AccessDenied', 403],
  'object.precondition': ['PreconditionFailed', 412],
  's3.acl-not-supported': ['AccessControlListNotSupported', 400],
  's3.bad-request': ['BadRequest', 400],
  's3.bad-digest': ['BadDigest', 400],
  's3.content-hash-mismatch': ['XAmzContentSHA256Mismatch', 400],
  's3.cors-forbidden': ['AccessForbidden', 403],
  's3.customer-keys-blocked': ['AccessDenied', 403],
  's3.delete-marker': ['MethodNotAllowed', 405],
  's3.entity-too-large': ['EntityTooLarge', 400],
  's3.entity-too-small': ['EntityTooSmall', 400],
  's3.incomplete-body': ['IncompleteBody', 400],
  's3.invalid-argument': ['InvalidArgument', 400],
  's3.invalid-bucket-owner': ['InvalidBucketOwnerAWSAccountID', 400],
  's3.invalid-digest': ['InvalidDigest', 400],
  's3.invalid-encryption-algorithm': ['InvalidEncryptionAlgorithmError', 400],
  's3.invalid-logging-target': ['InvalidTargetBucketForLogging', 400],
  's3.invalid-part-number': ['InvalidPartNumber', 416],
  's3.invalid-policy-document': ['InvalidPolicyDocument', 400],
  's3.invalid-range': ['InvalidRange', 416],
  's3.invalid-redirect-location': ['InvalidRedirectLocation', 400],
  's3.invalid-request': ['InvalidRequest', 400],
  's3.invalid-retention-period': ['InvalidRetentionPeriod', 400],
  's3.invalid-storage-class': ['InvalidStorageClass', 400],
  's3.invalid-tag': ['InvalidTag', 400],
  's3.invalid-uri': ['InvalidURI', 400],
  's3.key-too-long': ['KeyTooLongError', 400],
  's3.malformed-acl': ['MalformedACLError', 400],
  's3.malformed-post': ['MalformedPOSTRequest', 400],
  's3.malformed-trailer': ['MalformedTrailerError', 400],
  's3.malformed-xml': ['MalformedXML', 400],
  's3.message-too-long': ['MaxMessageLengthExceeded', 400],
  's3.metadata-too-large': ['MetadataTooLarge', 400],
  's3.method-not-allowed': ['MethodNotAllowed', 405],
  's3.missing-security-header': ['MissingSecurityHeader', 400],
  's3.missing-content-length': ['MissingContentLength', 411],
  's3.bucket-acl-with-ownership': ['InvalidBucketAclWithObjectOwnership', 400],
  's3.no-such-lifecycle': ['NoSuchLifecycleConfiguration', 404],
  's3.no-such-lock': ['NoSuchObjectLockConfiguration', 404],
  's3.no-such-lock-configuration': ['ObjectLockConfigurationNotFoundError', 404],
  's3.no-such-encryption': ['ServerSideEncryptionConfigurationNotFoundError', 404],
  's3.no-such-ownership': ['OwnershipControlsNotFoundError', 404],
  's3.no-such-policy': ['NoSuchBucketPolicy', 404],
  's3.no-such-public-access-block': ['NoSuchPublicAccessBlockConfiguration', 404],
  's3.no-such-cors': ['NoSuchCORSConfiguration', 404],
  's3.no-such-tag-set': ['NoSuchTagSet', 404],
  's3.no-such-website': ['NoSuchWebsiteConfiguration', 404],
  's3.not-implemented': ['NotImplemented', 501],
  's3.operation-aborted': ['OperationAborted', 409],
  's3.post-fields-too-long': ['MaxPostPreDataLengthExceeded', 400],
  's3.precondition-failed': ['PreconditionFailed', 412],
  's3.unexpected-content': ['UnexpectedContent', 400],
  'snapshot.exists': ['SnapshotAlreadyExists', 409],
  'snapshot.gone': ['NoSuchSnapshot', 404],
  'snapshot.limit': ['TooManySnapshots', 409],
  'snapshot.moment': ['InvalidRequest', 400],
  'snapshot.not-found': ['NoSuchSnapshot', 404],
  'store.busy': ['SlowDown', 503],
  'upload.encryption': ['InvalidRequest', 400],
  'upload.not-found': ['NoSuchUpload', 404],
  'upload.part': ['InvalidPart', 400],
  'upload.part-order': ['InvalidPartOrder', 400],
  'upload.part-size': ['EntityTooSmall', 400],
  'version.delete-marker': ['InvalidRequest', 400],
  'version.marker': ['InvalidArgument', 400],
  'version.not-found': ['NoSuchVersion', 404],
};

/** For a code that is not listed above. */
const KINDS: Readonly<Record<ErrorKind, readonly [code: string, status: number]>> = {
  invalid: ['InvalidArgument', 400],
  unauthenticated: ['AccessDenied', 403],
  forbidden: ['AccessDenied', 403],
  'not-found': ['NoSuchKey', 404],
  conflict: ['OperationAborted', 409],
  exhausted: ['ServiceUnavailable', 503],
  unavailable: ['ServiceUnavailable', 503],
  'not-implemented': ['NotImplemented', 501],
  internal: ['InternalError', 500],
};

export function s3ErrorCode(error: HoldfastError): S3ErrorCode {
  const [code, status] = CODES[error.code] ?? KINDS[error.kind];
  return { code, status };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 (section 2.2) cannot say them, not even as references
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** What went wrong inside is for the log, not for the client; whatever key it names, the document can be parsed. */
export function publicMessage(error: HoldfastError): string {
  const isInternal = s3ErrorCode(error).code === 'InternalError';
  if (isInternal) return 'We encountered an internal error. Please try again.';
  return error.message.replace(NOT_IN_XML, '\ufffd');
}

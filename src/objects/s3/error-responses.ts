import type { ErrorKind, HoldfastError } from '../../core/errors.ts';

/** Code and status as in the S3 API Reference, "Error Responses". */
export interface S3ErrorCode {
  readonly code: string;
  readonly status: number;
}

const CODES: Readonly<Record<string, readonly [code: string, status: number]>> = {
  'access.denied': ['AccessDenied', 403],
  'access.expired': ['AccessDenied', 403],
  'access.header-malformed': ['AuthorizationHeaderMalformed', 400],
  'access.key-expired': ['ExpiredToken', 400],
  'access.key-unknown': ['InvalidAccessKeyId', 403],
  'access.mechanism': ['InvalidRequest', 400],
  'access.not-yet-valid': ['AccessDenied', 403],
  'access.payload-hash': ['InvalidRequest', 400],
  'access.payload-unsupported': ['NotImplemented', 501],
  'access.policy-malformed': ['MalformedPolicy', 400],
  'access.query-malformed': ['AuthorizationQueryParametersError', 400],
  'access.signature': ['SignatureDoesNotMatch', 403],
  'access.skew': ['RequestTimeTooSkewed', 403],
  'access.token': ['InvalidToken', 400],
  'bucket.exists': ['BucketAlreadyOwnedByYou', 409],
  'bucket.name': ['InvalidBucketName', 400],
  'bucket.not-empty': ['BucketNotEmpty', 409],
  'bucket.not-found': ['NoSuchBucket', 404],
  'bucket.versioning-stays': ['InvalidBucketState', 409],
  'disk.full': ['ServiceUnavailable', 503],
  'object.not-found': ['NoSuchKey', 404],
  'object.key': ['InvalidArgument', 400],
  'object.metadata-size': ['MetadataTooLarge', 400],
  'object.precondition': ['PreconditionFailed', 412],
  's3.acl-not-supported': ['AccessControlListNotSupported', 400],
  's3.bad-request': ['BadRequest', 400],
  's3.bad-digest': ['BadDigest', 400],
  's3.content-hash-mismatch': ['XAmzContentSHA256Mismatch', 400],
  's3.cors-forbidden': ['AccessForbidden', 403],
  's3.delete-marker': ['MethodNotAllowed', 405],
  's3.entity-too-large': ['EntityTooLarge', 400],
  's3.incomplete-body': ['IncompleteBody', 400],
  's3.invalid-argument': ['InvalidArgument', 400],
  's3.invalid-digest': ['InvalidDigest', 400],
  's3.invalid-range': ['InvalidRange', 416],
  's3.invalid-redirect-location': ['InvalidRedirectLocation', 400],
  's3.invalid-request': ['InvalidRequest', 400],
  's3.invalid-storage-class': ['InvalidStorageClass', 400],
  's3.invalid-tag': ['InvalidTag', 400],
  's3.invalid-uri': ['InvalidURI', 400],
  's3.key-too-long': ['KeyTooLongError', 400],
  's3.malformed-acl': ['MalformedACLError', 400],
  's3.malformed-trailer': ['MalformedTrailerError', 400],
  's3.malformed-xml': ['MalformedXML', 400],
  's3.message-too-long': ['MaxMessageLengthExceeded', 400],
  's3.metadata-too-large': ['MetadataTooLarge', 400],
  's3.method-not-allowed': ['MethodNotAllowed', 405],
  's3.missing-content-length': ['MissingContentLength', 411],
  's3.bucket-acl-with-ownership': ['InvalidBucketAclWithObjectOwnership', 400],
  's3.no-such-ownership': ['OwnershipControlsNotFoundError', 404],
  's3.no-such-policy': ['NoSuchBucketPolicy', 404],
  's3.no-such-public-access-block': ['NoSuchPublicAccessBlockConfiguration', 404],
  's3.no-such-cors': ['NoSuchCORSConfiguration', 404],
  's3.no-such-tag-set': ['NoSuchTagSet', 404],
  's3.no-such-website': ['NoSuchWebsiteConfiguration', 404],
  's3.not-implemented': ['NotImplemented', 501],
  's3.operation-aborted': ['OperationAborted', 409],
  's3.precondition-failed': ['PreconditionFailed', 412],
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

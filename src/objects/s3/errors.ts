import { type ErrorKind, HoldfastError } from '../../core/errors.ts';

const failure = (code: string, kind: ErrorKind) => (message: string) =>
  new HoldfastError({ code: `s3.${code}`, kind, message });

/** What the gateway itself refuses; `error-responses.ts` has the S3 code and status of each. */
export const s3Errors = {
  aclNotSupported: failure('acl-not-supported', 'invalid'),
  bucketAclWithOwnership: failure('bucket-acl-with-ownership', 'invalid'),
  badRequest: failure('bad-request', 'invalid'),
  badDigest: failure('bad-digest', 'invalid'),
  contentHashMismatch: failure('content-hash-mismatch', 'invalid'),
  corsForbidden: failure('cors-forbidden', 'forbidden'),
  customerKeysBlocked: failure('customer-keys-blocked', 'forbidden'),
  deleteMarker: failure('delete-marker', 'not-found'),
  entityTooSmall: failure('entity-too-small', 'invalid'),
  entityTooLarge: failure('entity-too-large', 'invalid'),
  incompleteBody: failure('incomplete-body', 'invalid'),
  invalidArgument: failure('invalid-argument', 'invalid'),
  invalidBucketOwner: failure('invalid-bucket-owner', 'invalid'),
  invalidDigest: failure('invalid-digest', 'invalid'),
  invalidEncryptionAlgorithm: failure('invalid-encryption-algorithm', 'invalid'),
  invalidLoggingTarget: failure('invalid-logging-target', 'invalid'),
  invalidPartNumber: failure('invalid-part-number', 'invalid'),
  invalidPolicyDocument: failure('invalid-policy-document', 'invalid'),
  invalidRange: failure('invalid-range', 'invalid'),
  invalidRedirectLocation: failure('invalid-redirect-location', 'invalid'),
  invalidRequest: failure('invalid-request', 'invalid'),
  invalidRetentionPeriod: failure('invalid-retention-period', 'invalid'),
  invalidStorageClass: failure('invalid-storage-class', 'invalid'),
  invalidTag: failure('invalid-tag', 'invalid'),
  invalidUri: failure('invalid-uri', 'invalid'),
  keyTooLong: failure('key-too-long', 'invalid'),
  malformedAcl: failure('malformed-acl', 'invalid'),
  malformedPost: failure('malformed-post', 'invalid'),
  malformedTrailer: failure('malformed-trailer', 'invalid'),
  malformedXml: failure('malformed-xml', 'invalid'),
  messageTooLong: failure('message-too-long', 'invalid'),
  metadataTooLarge: failure('metadata-too-large', 'invalid'),
  methodNotAllowed: failure('method-not-allowed', 'invalid'),
  missingContentLength: failure('missing-content-length', 'invalid'),
  missingSecurityHeader: failure('missing-security-header', 'invalid'),
  noSuchCors: failure('no-such-cors', 'not-found'),
  noSuchLifecycle: failure('no-such-lifecycle', 'not-found'),
  noSuchLock: failure('no-such-lock', 'not-found'),
  noSuchLockConfiguration: failure('no-such-lock-configuration', 'not-found'),
  noSuchEncryption: failure('no-such-encryption', 'not-found'),
  noSuchOwnership: failure('no-such-ownership', 'not-found'),
  noSuchPolicy: failure('no-such-policy', 'not-found'),
  noSuchPublicAccessBlock: failure('no-such-public-access-block', 'not-found'),
  noSuchTagSet: failure('no-such-tag-set', 'not-found'),
  noSuchWebsite: failure('no-such-website', 'not-found'),
  notImplemented: failure('not-implemented', 'not-implemented'),
  operationAborted: failure('operation-aborted', 'conflict'),
  postFieldsTooLong: failure('post-fields-too-long', 'invalid'),
  preconditionFailed: failure('precondition-failed', 'conflict'),
  unexpectedContent: failure('unexpected-content', 'invalid'),
};

/** With headers that belong to the answer. */
export class S3Failure extends HoldfastError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: HoldfastError, headers: Readonly<Record<string, string>>) {
    super({ ...error.toJSON(), cause: error });
    this.headers = headers;
  }
}

import { type ErrorKind, HoldfastError } from '../../core/errors.ts';

const failure =
  (code: string, kind: ErrorKind, hint?: string) =>
  (message: string): HoldfastError =>
    new HoldfastError({ code, kind, message, hint });

/** What access refuses. The S3 gateway has the S3 code and status of each (`s3/error-responses.ts`). */
export const accessErrors = {
  keyUnknown: (accessKeyId: string) =>
    new HoldfastError({
      code: 'access.key-unknown',
      kind: 'unauthenticated',
      message: `the access key "${accessKeyId.slice(0, 128)}" does not exist`,
      hint: 'use the AWS_ACCESS_KEY_ID that the service was given, or make a new key',
    }),
  keyExpired: (accessKeyId: string) =>
    new HoldfastError({
      code: 'access.key-expired',
      kind: 'unauthenticated',
      message: `the access key "${accessKeyId.slice(0, 128)}" has expired`,
      hint: 'use the key that replaced it, or make a new one',
    }),
  keyNotFound: (accessKeyId: string) =>
    new HoldfastError({
      code: 'access.key-not-found',
      kind: 'not-found',
      message: `there is no access key "${accessKeyId}"`,
      hint: '`holdfast object-store keys list` shows those there are',
    }),
  keyReplaced: (accessKeyId: string, by: string) =>
    new HoldfastError({
      code: 'access.key-replaced',
      kind: 'conflict',
      message: `the access key "${accessKeyId}" was replaced by "${by}"`,
      hint: 'rotate that one; revoke this one to end it at once',
    }),
  keyInvalid: failure('access.key-invalid', 'invalid'),
  keyFile: (path: string) =>
    new HoldfastError({
      code: 'access.key-file',
      kind: 'invalid',
      message: `${path} was written by a newer version`,
      hint: 'run the version of Holdfast that wrote it, or a newer one',
    }),
  signature: failure(
    'access.signature',
    'unauthenticated',
    'check the secret access key, and that nothing between client and server changes the path, the query or a signed header',
  ),
  /** As who may not come in: clients know no other refusal. */
  bucketClosed: (bucket: string) =>
    new HoldfastError({
      code: 'access.denied',
      kind: 'forbidden',
      message: `the bucket "${bucket}" was destroyed`,
      hint: `\`holdfast object-store recover ${bucket}\` brings it back, until it is purged`,
    }),
  denied: failure('access.denied', 'forbidden', 'use a key whose scope has the bucket'),
  expired: failure('access.expired', 'forbidden', 'sign a new URL'),
  notYetValid: failure('access.not-yet-valid', 'forbidden', 'set the clock of the machine that signs'),
  skew: failure('access.skew', 'forbidden', 'set the clock of the machine that signs'),
  formMalformed: failure('access.form-malformed', 'invalid'),
  postPolicy: failure('access.post-policy', 'forbidden', 'make the form again, with a policy that allows its fields'),
  headerMalformed: failure('access.header-malformed', 'invalid'),
  queryMalformed: failure('access.query-malformed', 'invalid'),
  authorization: failure('access.authorization', 'invalid', 'sign with AWS4-HMAC-SHA256'),
  mechanism: failure('access.mechanism', 'invalid', 'sign with AWS4-HMAC-SHA256'),
  token: failure('access.token', 'invalid', 'use a key without a session token'),
  policyMalformed: failure('access.policy-malformed', 'invalid', 'see the bucket policy language of S3'),
  payloadHash: failure('access.payload-hash', 'invalid'),
  payloadHashMissing: failure('access.payload-hash-missing', 'invalid'),
  payloadUnsupported: failure('access.payload-unsupported', 'not-implemented'),
};

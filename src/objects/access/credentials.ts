import type { RequestHead } from './canonical-request.ts';
import { accessErrors } from './errors.ts';
import { ALGORITHM, type CredentialScope, formatTimestamp, parseTimestamp } from './signature-v4.ts';

/** What a request says about who signed it, parsed and not yet believed. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly scope: CredentialScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** As it was signed. */
  readonly timestamp: string;
  readonly signedAt: number;
  /** Presigned URLs: milliseconds from `signedAt`. */
  readonly expiresIn?: number | undefined;
}

type Malformed = (message: string) => Error;

/** Seven days (S3 API, "Authenticating Requests: Using Query Parameters"). */
const LONGEST_EXPIRY = 604_800;

/** Of whatever version. */
const AWS_TYPE = /^AWS(?:4-\S+)? /;

/** `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. */
export function parseAuthorization(headers: RequestHead['headers']): Credentials {
  const authorization = headers.get('authorization') ?? '';
  const malformed = accessErrors.headerMalformed;
  if (!AWS_TYPE.test(authorization)) throw accessErrors.authorization('Unsupported Authorization Type');
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw accessErrors.mechanism('the authorization mechanism is not supported; use AWS4-HMAC-SHA256');
  }
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length + 1).split(',')) {
    const at = field.indexOf('=');
    fields.set(field.slice(0, Math.max(at, 0)).trim(), field.slice(at + 1).trim());
  }
  const field = (name: string) => required(fields.get(name), `the Authorization header has no ${name}`, malformed);
  const { timestamp, signedAt } = requestTime(headers);
  return {
    ...parseCredential(field('Credential'), timestamp, malformed),
    signedHeaders: parseSignedHeaders(field('SignedHeaders'), malformed),
    signature: field('Signature'),
    timestamp,
    signedAt,
  };
}

/** The `X-Amz-*` parameters of a presigned URL. */
export function parsePresigned(parameters: ReadonlyMap<string, string>): Credentials {
  const malformed = accessErrors.queryMalformed;
  const parameter = (name: string) => required(parameters.get(name), `the query has no ${name}`, malformed);
  if (parameter('X-Amz-Algorithm') !== ALGORITHM) {
    throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  }
  const timestamp = parameter('X-Amz-Date');
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw malformed('X-Amz-Date must be in the ISO8601 format "yyyyMMddTHHmmssZ"');
  const expires = parameter('X-Amz-Expires');
  if (!/^\d{1,6}$/.test(expires) || Number(expires) > LONGEST_EXPIRY || Number(expires) < 1) {
    throw malformed(`X-Amz-Expires must be a number from 1 to ${LONGEST_EXPIRY}`);
  }
  return {
    ...parseCredential(parameter('X-Amz-Credential'), timestamp, malformed),
    signedHeaders: parseSignedHeaders(parameter('X-Amz-SignedHeaders'), malformed),
    signature: parameter('X-Amz-Signature'),
    timestamp,
    signedAt,
    expiresIn: Number(expires) * 1000,
  };
}

/** The fields of a form whose policy is signed. */
export function parseFormCredentials(
  fields: ReadonlyMap<string, string>,
): Pick<Credentials, 'accessKeyId' | 'scope' | 'signature'> {
  const malformed = accessErrors.formMalformed;
  const field = (name: string) =>
    required(fields.get(name.toLowerCase()), `Bucket POST must contain a field named '${name}'.`, malformed);
  if (field('X-Amz-Algorithm') !== ALGORITHM) throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  const timestamp = field('X-Amz-Date');
  if (parseTimestamp(timestamp) === undefined) {
    throw malformed('X-Amz-Date must be in the ISO8601 format "yyyyMMddTHHmmssZ"');
  }
  const credential = parseCredential(field('X-Amz-Credential'), timestamp, malformed);
  return { ...credential, signature: field('X-Amz-Signature') };
}

/** `x-amz-date`, else `Date`, which then was signed in its ISO form. */
function requestTime(headers: RequestHead['headers']): { timestamp: string; signedAt: number } {
  const timestamp = headers.get('x-amz-date');
  if (timestamp !== undefined) {
    const signedAt = parseTimestamp(timestamp);
    if (signedAt !== undefined) return { timestamp, signedAt };
  }
  const signedAt = timestamp === undefined ? Date.parse(headers.get('date') ?? '') : Number.NaN;
  if (Number.isNaN(signedAt))
    throw accessErrors.denied('AWS authentication requires a valid Date or x-amz-date header');
  return { timestamp: formatTimestamp(signedAt), signedAt };
}

function parseCredential(text: string, timestamp: string, malformed: Malformed) {
  const parts = text.split('/');
  const [date, region, service, terminator] = parts.slice(-4);
  const accessKeyId = parts.slice(0, -4).join('/');
  // A region may be empty: whoever knows none, as libcloud's driver for MinIO, signs with no name.
  if (!accessKeyId || !date || region === undefined || !service || terminator !== 'aws4_request') {
    throw malformed('the credential is mal-formed; expecting "<access key>/YYYYMMDD/REGION/s3/aws4_request"');
  }
  if (service !== 's3') throw malformed(`incorrect service "${service}"; this endpoint belongs to "s3"`);
  if (date !== timestamp.slice(0, 8)) throw malformed(`the credential's date "${date}" is not that of the request`);
  return { accessKeyId, scope: { date, region, service } };
}

function parseSignedHeaders(text: string, malformed: Malformed): readonly string[] {
  const names = text.split(';');
  if (names.some((name) => name === '' || name !== name.toLowerCase())) throw malformed('SignedHeaders is mal-formed');
  return names;
}

function required(value: string | undefined, message: string, malformed: Malformed): string {
  if (!value) throw malformed(message);
  return value;
}

import type { CannedAcl } from '../access/acl.ts';
import type { RequestHead } from '../access/canonical-request.ts';
import type { ObjectMetadata } from '../engine/object-store.ts';
import { requestedAcl } from './acl.ts';
import { s3Errors } from './errors.ts';

/** Stored as they come and given back with the object. */
const CONTENT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

const USER_PREFIX = 'x-amz-meta-';
/** S3 API, "User-defined object metadata": names and values together. */
const MAX_USER_BYTES = 2048;
const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** @throws HoldfastError `s3.metadata-too-large` */
export function readMetadata(headers: RequestHead['headers']): ObjectMetadata {
  const kept = CONTENT_HEADERS.flatMap((name) => {
    const value = name === 'content-encoding' ? storedEncoding(headers.get(name)) : headers.get(name);
    return value ? [[name, value] as const] : [];
  });
  const user = [...headers]
    .filter(([name]) => name.startsWith(USER_PREFIX))
    .map(([name, value]) => [name.slice(USER_PREFIX.length), value] as const);
  if (user.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0) > MAX_USER_BYTES) {
    throw s3Errors.metadataTooLarge(`your metadata headers exceed ${MAX_USER_BYTES} bytes`);
  }
  const acl = requestedAcl(headers) ?? 'private';
  return {
    contentType: headers.get('content-type') || DEFAULT_CONTENT_TYPE,
    headers: { ...Object.fromEntries(kept), ...aclAttribute(acl) },
    user: Object.fromEntries(user),
  };
}

export function metadataHeaders({ contentType, headers, user }: ObjectMetadata): Record<string, string> {
  const result: Record<string, string> = { 'content-type': contentType };
  for (const name of CONTENT_HEADERS) {
    if (headers[name] !== undefined) result[name] = headers[name];
  }
  for (const [name, value] of Object.entries(user)) result[USER_PREFIX + name] = value;
  return result;
}

const ACL = 'x-amz-acl';

/** An object's ACL is kept beside its headers; the private one is none. */
export function objectAcl({ headers }: ObjectMetadata): CannedAcl {
  return (headers[ACL] as CannedAcl | undefined) ?? 'private';
}

export function withAcl(metadata: ObjectMetadata, acl: CannedAcl): ObjectMetadata {
  const { [ACL]: _before, ...headers } = metadata.headers;
  return { ...metadata, headers: { ...headers, ...aclAttribute(acl) } };
}

function aclAttribute(acl: CannedAcl): Record<string, string> {
  return acl === 'private' ? {} : { [ACL]: acl };
}

/** The checksums an upload was verified with are kept beside its headers. */
export function checksumHeaders({ headers }: ObjectMetadata): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-')));
}

/** `aws-chunked` is how the body travelled, not what it is. */
function storedEncoding(value: string | undefined): string | undefined {
  return value
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
    .join(',');
}

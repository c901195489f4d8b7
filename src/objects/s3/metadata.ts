import type { CannedAcl } from '../access/acl.ts';
import type { RequestHead } from '../access/canonical-request.ts';
import { TAGGING, tagsAttribute } from '../object-tags.ts';
import type { HeaderChanges, ObjectMetadata } from '../store/object.ts';
import { requestedAcl } from './acl.ts';
import { s3Errors } from './errors.ts';
import { LOCK_HEADERS, lockAttributes } from './object-lock.ts';
import { parseObjectTags } from './tagging.ts';

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

/** @throws HoldfastError `s3.metadata-too-large`, `s3.invalid-redirect-location` */
export function readMetadata(headers: RequestHead['headers']): ObjectMetadata {
  const kept: Record<string, string> = {};
  for (const name of CONTENT_HEADERS) {
    const value = name === 'content-encoding' ? storedEncoding(headers.get(name)) : headers.get(name);
    if (value) kept[name] = value;
  }
  const user: [string, string][] = [];
  for (const [name, value] of headers) {
    if (name.startsWith(USER_PREFIX)) user.push([name.slice(USER_PREFIX.length), value]);
  }
  if (user.reduce((bytes, [name, value]) => bytes + name.length + value.length, 0) > MAX_USER_BYTES) {
    throw s3Errors.metadataTooLarge(`your metadata headers exceed ${MAX_USER_BYTES} bytes`);
  }
  const contentType = headers.get('content-type') || DEFAULT_CONTENT_TYPE;
  const metadata = { contentType, headers: kept, user: Object.fromEntries(user) };
  const asksForAttributes = ATTRIBUTES.some((name) => headers.has(name));
  return asksForAttributes ? withAttributes(metadata, requestedAttributes(headers)) : metadata;
}

export function metadataHeaders({ contentType, headers, user }: ObjectMetadata): Record<string, string> {
  const result: Record<string, string> = { 'content-type': contentType };
  for (const name of CONTENT_HEADERS) {
    if (headers[name] !== undefined) result[name] = headers[name];
  }
  if (headers[REDIRECT] !== undefined) result[REDIRECT] = headers[REDIRECT];
  for (const [name, value] of Object.entries(user)) result[USER_PREFIX + name] = value;
  return result;
}

const ACL = 'x-amz-acl';

/** An object's ACL is kept beside its headers; the private one is none. */
export function objectAcl({ headers }: ObjectMetadata): CannedAcl {
  return (headers[ACL] as CannedAcl | undefined) ?? 'private';
}

export function aclAttribute(acl: CannedAcl): HeaderChanges {
  return { [ACL]: acl === 'private' ? undefined : acl };
}

/** What a request says beside the headers that come back: ACL, tags, locks and a redirect are of the object, not of its metadata. */
export function requestedAttributes(headers: RequestHead['headers']): HeaderChanges {
  return {
    ...aclAttribute(requestedAcl(headers) ?? 'private'),
    ...tagsAttribute(parseObjectTags(headers.get(TAGGING) ?? '')),
    ...redirectAttribute(headers),
    ...lockAttributes(headers),
  };
}

export function withAttributes(metadata: ObjectMetadata, attributes: HeaderChanges): ObjectMetadata {
  const headers: Record<string, string> = { ...metadata.headers };
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return { ...metadata, headers };
}

/** Where a website sends who asks for the object. */
export const REDIRECT = 'x-amz-website-redirect-location';
/** Those that `requestedAttributes` reads. */
const ATTRIBUTES = [ACL, TAGGING, REDIRECT, ...LOCK_HEADERS];
const MAX_REDIRECT_BYTES = 2048;

function redirectAttribute(headers: RequestHead['headers']): HeaderChanges {
  const location = headers.get(REDIRECT);
  const isTarget = location === undefined || /^(\/|https?:\/\/)/.test(location);
  if (isTarget && (location ?? '').length <= MAX_REDIRECT_BYTES) return { [REDIRECT]: location };
  throw s3Errors.invalidRedirectLocation(
    `the website redirect location must start with http://, https:// or / and have at most ${MAX_REDIRECT_BYTES} bytes`,
  );
}

/** As it came, but for `aws-chunked`: that is how the body travelled, not what it is. */
function storedEncoding(value: string | undefined): string | undefined {
  return value
    ?.split(',')
    .filter((coding) => coding.trim() !== '' && coding.trim().toLowerCase() !== 'aws-chunked')
    .join(',')
    .trim();
}

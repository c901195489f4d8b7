import { unquote } from '../etag.ts';
import { objectTags } from '../object-tags.ts';
import type { ByteRange, ObjectInfo } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { checksumAnswer, type ObjectChecksum, objectChecksum, partChecksums } from './checksums/object-checksum.ts';
import { encryptionAnswer } from './encryption.ts';
import { s3Errors } from './errors.ts';
import { expirationHeader } from './expiration.ts';
import { metadataHeaders } from './metadata.ts';
import { lockAnswer } from './object-lock.ts';
import type { S3Request } from './operation.ts';
import { evaluateConditions, readConditions } from './preconditions.ts';
import { selectPart, selectRange } from './range.ts';
import { versionHeader } from './versions.ts';

/** What GetObject and HeadObject have in common: everything but the bytes. */
export interface ObjectAnswer {
  readonly status: 200 | 206 | 304;
  readonly headers: Record<string, string>;
  readonly range?: ByteRange | undefined;
}

/** @throws HoldfastError `s3.precondition-failed`, `s3.invalid-range` */
export async function answerObject(request: S3Request, store: ObjectStore, info: ObjectInfo): Promise<ObjectAnswer> {
  const validators = { ...validatorHeaders(info), ...versionHeader(store, request.bucket, info) };
  const outcome = evaluateConditions(readConditions(request.headers), info);
  if (outcome === 'failed') {
    throw s3Errors.preconditionFailed('at least one of the pre-conditions you specified did not hold');
  }
  if (outcome === 'not-modified') return { status: 304, headers: { ...freshness(request, info), ...validators } };

  const range = requestedRange(request, info);
  const headers = metadataHeaders(info.metadata);
  Object.assign(headers, await lockAnswer(info.metadata, (permission) => request.access.mayKnow(request, permission)));
  if (!request.query.has('versionId')) Object.assign(headers, expirationHeader(store, request.bucket, info));
  Object.assign(headers, validators, encryptionAnswer(info, request.headers), responseOverrides(request));
  headers['accept-ranges'] = 'bytes';
  headers['content-length'] = String(range ? range.end - range.start + 1 : info.size);
  const tags = objectTags(info.metadata).length;
  if (tags > 0 && (await request.access.mayKnow(request, 'GetObjectTagging')))
    headers['x-amz-tagging-count'] = String(tags);
  if (request.query.has('partNumber') && info.partSizes) {
    headers['x-amz-mp-parts-count'] = String(info.partSizes.length);
  }
  if (range) headers['content-range'] = `bytes ${range.start}-${range.end}/${info.size}`;
  if (request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    Object.assign(headers, checksumAnswer(checksumOf(request, info, range)));
  }
  return { status: range ? 206 : 200, headers, range };
}

/** By part number or by Range header; `undefined` for all of the object. */
function requestedRange(request: S3Request, info: ObjectInfo): ByteRange | undefined {
  const range = request.headers.get('range');
  const partNumber = request.query.get('partNumber');
  if (partNumber === undefined) return rangeApplies(request, info) ? selectRange(range, info.size) : undefined;
  if (range !== undefined) {
    throw s3Errors.invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  return selectPart(partNumber, info.partSizes ?? [info.size]);
}

function validatorHeaders(info: ObjectInfo): Record<string, string> {
  return {
    etag: `"${info.etag}"`,
    'last-modified': new Date(info.lastModified).toUTCString(),
  };
}

/** What RFC 9110 section 15.4.5 wants in a 304 besides the validators: a cache takes it over for what it has. */
function freshness(request: S3Request, { metadata }: ObjectInfo): Record<string, string> {
  const said = { ...metadataHeaders(metadata), ...responseOverrides(request) };
  return Object.fromEntries(Object.entries(said).filter(([name]) => name === 'cache-control' || name === 'expires'));
}

/** Of all of the object, or of the part that is read; of another range nobody knows it. */
function checksumOf({ query }: S3Request, info: ObjectInfo, range: ByteRange | undefined): ObjectChecksum | undefined {
  const checksum = objectChecksum(info.metadata);
  const partNumber = query.get('partNumber');
  if (!checksum || (range && partNumber === undefined)) return undefined;
  if (partNumber === undefined || !info.partSizes) return checksum;
  const value = partChecksums(info.metadata)[Number(partNumber) - 1];
  return value === undefined ? undefined : { ...checksum, value };
}

/** If-Range (RFC 9110 section 13.1.5): the range only if the object is still the same, else all of it. */
function rangeApplies({ headers }: S3Request, info: ObjectInfo): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === undefined) return true;
  if (ifRange.trim().startsWith('"')) return unquote(ifRange) === info.etag;
  return Date.parse(ifRange) === Math.floor(info.lastModified / 1000) * 1000;
}

const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
].map((name) => ({ name, parameter: `response-${name}` }));

function responseOverrides({ query, identity }: S3Request): Record<string, string> {
  const result: Record<string, string> = {};
  if (query.size === 0) return result;
  for (const { name, parameter } of OVERRIDES) {
    const value = query.get(parameter);
    if (value === undefined) continue;
    if (identity.kind === 'anonymous') {
      throw s3Errors.invalidRequest('request specific response headers cannot be used for anonymous GET requests');
    }
    if (/[^\t\x20-\x7e\x80-\uffff]/.test(value)) throw s3Errors.invalidArgument(`${parameter} is not a header value`);
    result[name] = Buffer.from(value).toString('latin1'); // node:http writes a character as a byte
  }
  return result;
}

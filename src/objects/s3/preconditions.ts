import { unquote } from '../etag.ts';
import type { RemoveConditions, WriteConditions } from '../store/object.ts';
import { s3Errors } from './errors.ts';

export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
}

/** `prefix` is `x-amz-copy-source-` for a copy's source. */
export function readConditions(headers: ReadonlyMap<string, string>, prefix = ''): Conditions {
  return {
    ifMatch: headers.get(`${prefix}if-match`),
    ifNoneMatch: headers.get(`${prefix}if-none-match`),
    ifModifiedSince: headers.get(`${prefix}if-modified-since`),
    ifUnmodifiedSince: headers.get(`${prefix}if-unmodified-since`),
  };
}

/**
 * RFC 9110 section 13.2.2, which S3 follows: the ETag's word outweighs the date's of the same side.
 * A date that cannot be parsed is no condition (section 13.1.3).
 */
export function evaluateConditions(
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Conditions,
  { etag, lastModified }: { readonly etag: string; readonly lastModified: number },
): 'proceed' | 'failed' | 'not-modified' {
  const modified = Math.floor(lastModified / 1000) * 1000; // HTTP dates are in seconds
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, etag)) return 'failed';
  } else if (ifUnmodifiedSince !== undefined && modified > Date.parse(ifUnmodifiedSince)) return 'failed';
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, etag)) return 'not-modified';
  } else if (ifModifiedSince !== undefined && modified <= Date.parse(ifModifiedSince)) return 'not-modified';
  return 'proceed';
}

/**
 * Conditions of a write, which the store decides. S3 knows one ETag for If-Match and `*` alone for If-None-Match;
 * to ignore a condition that it does not know would be to write where the client did not want it.
 * @throws HoldfastError `s3.not-implemented`
 */
export function readWriteConditions(headers: ReadonlyMap<string, string>): WriteConditions | undefined {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = readConditions(headers);
  if (ifUnmodifiedSince !== undefined) {
    throw s3Errors.notImplemented('If-Unmodified-Since is a condition of reads only');
  }
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw s3Errors.notImplemented('If-Match and If-None-Match cannot be combined');
  }
  if (ifNoneMatch !== undefined && ifNoneMatch.trim() !== '*') {
    throw s3Errors.notImplemented('If-None-Match of a write takes "*" only');
  }
  return ifMatch === undefined ? { ifNoneMatch: '*' } : { ifMatch: unquote(ifMatch) };
}

/**
 * Conditions of a removal: those of a write, the time and the size.
 * @throws HoldfastError `s3.invalid-argument`
 */
export function readRemoveConditions(headers: ReadonlyMap<string, string>): RemoveConditions {
  return {
    ...readWriteConditions(headers),
    ...parseRemoveConditions(headers.get('x-amz-if-match-last-modified-time'), headers.get('x-amz-if-match-size')),
  };
}

/** A time as HTTP or ISO 8601 write it, and a number of bytes. @throws HoldfastError `s3.invalid-argument` */
export function parseRemoveConditions(time: string | undefined, size: string | undefined): RemoveConditions {
  const ifLastModified = time === undefined ? undefined : Date.parse(time);
  if (Number.isNaN(ifLastModified)) throw s3Errors.invalidArgument('the last modified time of a condition is no time');
  if (size !== undefined && !/^\d{1,15}$/.test(size.trim())) {
    throw s3Errors.invalidArgument('the size of a condition is no number of bytes');
  }
  return { ifLastModified, ifSize: size === undefined ? undefined : Number(size) };
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((one) => one.trim() === '*' || unquote(one) === etag);
}

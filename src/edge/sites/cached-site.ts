import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Coding } from './coding.ts';
import type { SiteAnswer } from './site-answer.ts';

/** Of a kept body: which object, and which state of it. A body is served only as long as the origin says the same now. */
export function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  const { etag, 'last-modified': modified } = headers;
  return etag?.startsWith('"') && modified !== undefined ? `${etag} ${modified}` : undefined;
}

/** Whether what is kept should go: it is no longer what the origin has, or somebody may not read it, so it may have become private. */
export function isOutdated(
  validator: string,
  { statusCode = 0, headers }: Pick<IncomingMessage, 'statusCode' | 'headers'>,
) {
  return (
    statusCode === 404 ||
    statusCode === 403 ||
    ((statusCode === 200 || statusCode === 206) && validatorOf(headers) !== validator)
  );
}

/** Said of an object that is readable with its customer's key alone (SSE-C): deciphered, it is on no disk. */
const CUSTOMER_KEY = 'x-amz-server-side-encryption-customer-algorithm';

/** Whether the body of an answer may be kept by a cache that all clients share (RFC 9111 section 3). */
export function isStorable({ status }: SiteAnswer, headers: IncomingHttpHeaders): boolean {
  if (status !== 200 || headers['content-length'] === undefined) return false;
  if (headers[CUSTOMER_KEY] !== undefined) return false;
  return !/\b(?:no-store|private)\b/i.test(headers['cache-control'] ?? '');
}

/** Codings in which a body may answer a request, the likely one first. Ranges are of the object as it is. */
export function usableCodings(accepted: Coding | undefined, isRanged: boolean): readonly (Coding | undefined)[] {
  return accepted === undefined || isRanged ? [undefined] : [accepted, undefined];
}

export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** Which bytes of a kept body an answer is made of; `undefined`: it is of another body. */
export function sliceOf({ status, headers }: SiteAnswer, size: number): Slice | undefined {
  if (status === 200) return { start: 0, end: size - 1 };
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'])) ?? [];
  return status === 206 && Number(total) === size ? { start: Number(start), end: Number(end) } : undefined;
}

import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorKind, HoldfastError } from '../../core/errors.ts';

/** The one place where a kind of failure becomes a status (RFC 9110, section 15; 507 is RFC 4918's). */
const STATUS: Readonly<Record<ErrorKind, ContentfulStatusCode>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  exhausted: 507,
  unavailable: 503,
  'not-implemented': 501,
  internal: 500,
};

/** Codes for which HTTP has a status of its own. */
const STATUS_BY_CODE: Readonly<Record<string, ContentfulStatusCode>> = {
  'request.too-large': 413,
  'upload.too-large': 413,
};

export function statusOf(error: HoldfastError): ContentfulStatusCode {
  return STATUS_BY_CODE[error.code] ?? STATUS[error.kind];
}

/** A problem document (RFC 9457) whose extension members are those of HoldfastError; the client makes the error again. */
export function problemResponse(cause: unknown): Response {
  const error = HoldfastError.from(cause);
  const status = statusOf(error);
  return new Response(JSON.stringify({ status, ...error.toJSON() }), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="holdfast"' } : {}),
    },
  });
}

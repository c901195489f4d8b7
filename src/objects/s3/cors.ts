import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';
import { CORS_METHODS, type CorsRule, isHeaderName, matchRule } from './configuration/cors-rules.ts';
import { s3Errors } from './errors.ts';

/**
 * What a bucket without a CORS configuration answers: any page may send any
 * signed request, and read the answer. A page has no rights of its own here:
 * there are no cookies, and no credentials are allowed, so a request is worth
 * what its signature or presigned URL is, or what the public may read anyway.
 * A bucket's own rules replace this one.
 */
function openHeaders(): Record<string, string> {
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };
}

/** On every answer, also on errors: a page must be able to read why. */
export function corsHeaders(
  headers: ReadonlyMap<string, string>,
  method: string,
  bucket: Bucket | undefined,
): Record<string, string> {
  const origin = headers.get('origin');
  const rules = bucket && corsRules(bucket);
  if (!rules) return origin === undefined ? {} : openHeaders();
  if (origin === undefined) return { vary: 'Origin' };
  const rule = matchRule(rules, { origin, method, headers: [] });
  return { vary: VARY, ...(rule ? ruleHeaders(rule, origin) : {}) };
}

/**
 * The answer to OPTIONS (Fetch Standard, "CORS-preflight request"). `*` would not
 * cover `Authorization`, so the names are repeated.
 * @throws HoldfastError `s3.bad-request`, `s3.cors-forbidden`
 */
export function preflightHeaders(
  headers: ReadonlyMap<string, string>,
  bucket: Bucket | undefined,
): Record<string, string> {
  const origin = headers.get('origin');
  const method = headers.get('access-control-request-method');
  const asked = headers.get('access-control-request-headers');
  if (!origin || !method) {
    throw s3Errors.badRequest(
      'insufficient information: the Origin and Access-Control-Request-Method headers are needed',
    );
  }
  const names = (asked ?? '').split(',').flatMap((name) => name.trim().toLowerCase() || []);
  if (!CORS_METHODS.includes(method)) throw s3Errors.badRequest(`Invalid Access-Control-Request-Method: ${method}`);
  if (!names.every(isHeaderName)) throw s3Errors.badRequest(`Invalid Access-Control-Request-Headers: ${asked}`);
  const rules = bucket && corsRules(bucket);
  if (!rules) {
    return {
      ...openHeaders(),
      'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
      'access-control-allow-headers': asked ?? '*',
      'access-control-max-age': '3600',
      vary: 'Access-Control-Request-Headers',
    };
  }
  const rule = matchRule(rules, { origin, method, headers: names });
  if (!rule) throw s3Errors.corsForbidden('CORSResponse: this CORS request is not allowed by the rules of the bucket');
  return {
    ...ruleHeaders(rule, origin),
    ...(names.length > 0 ? { 'access-control-allow-headers': names.join(', ') } : {}),
    ...(rule.maxAge === undefined ? {} : { 'access-control-max-age': String(rule.maxAge) }),
    vary: VARY,
  };
}

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** An origin that a rule names may send credentials; one that only `*` covers may not (S3's own answers). */
function ruleHeaders({ origins, methods, exposed }: CorsRule, origin: string): Record<string, string> {
  const isAny = origins.includes('*');
  return {
    'access-control-allow-origin': isAny ? '*' : origin,
    'access-control-allow-methods': methods.join(', '),
    ...(exposed.length > 0 ? { 'access-control-expose-headers': exposed.join(', ') } : {}),
    ...(isAny ? {} : { 'access-control-allow-credentials': 'true' }),
  };
}

export const corsRules = documentReader<readonly CorsRule[]>('cors');

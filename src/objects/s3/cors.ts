/**
 * One rule for all: any page may send any signed request, and read the answer.
 * A page has no rights of its own here: there are no cookies, and no
 * credentials are allowed, so a request is worth what its signature or
 * presigned URL is, or what the public may read anyway. Rules a bucket come
 * with bucket CORS configuration.
 */
export function corsHeaders(headers: ReadonlyMap<string, string>): Record<string, string> {
  if (!headers.has('origin')) return {};
  return { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*' };
}

/** The answer to OPTIONS (Fetch Standard, "CORS-preflight request"). `*` would not cover `Authorization`, so the names are repeated. */
export function preflightHeaders(headers: ReadonlyMap<string, string>): Record<string, string> {
  return {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, PUT, POST, DELETE',
    'access-control-allow-headers': headers.get('access-control-request-headers') ?? '*',
    'access-control-max-age': '3600',
    vary: 'Access-Control-Request-Headers',
  };
}

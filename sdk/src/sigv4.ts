import { createHash, createHmac } from 'node:crypto';

/** AWS Signature Version 4 for S3: "Authenticating Requests" in the Amazon S3 API reference. Synchronous. */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignableRequest {
  readonly method: string;
  readonly host: string;
  /** Already encoded with `encodePath`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Every one of them is signed. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface SigningContext {
  readonly credentials: Credentials;
  readonly region: string;
  readonly date: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

/** The request's headers with `authorization` and what it needs. `payloadHash` is the SHA-256 of the body in hex. */
export function signHeaders(
  request: SignableRequest,
  payloadHash: string,
  { credentials, region, date }: SigningContext,
): Record<string, string> {
  const time = amzDate(date);
  const headers: Record<string, string> = {
    ...lowerCaseNames(request.headers),
    host: request.host,
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': time,
  };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;

  const scope = credentialScope(time, region);
  const canonical = canonicalRequest(request, headers, canonicalQuery(request.query), payloadHash);
  const signature = sign(canonical, { secret: credentials.secretAccessKey, region, time, scope });
  headers.authorization =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope},` +
    `SignedHeaders=${signedHeaderNames(headers)},Signature=${signature}`;
  return headers;
}

/** The query string, signature included, that lets its holder make this request for `expiresIn` seconds. */
export function presignQuery(
  request: SignableRequest,
  expiresIn: number,
  { credentials, region, date }: SigningContext,
): string {
  const time = amzDate(date);
  const scope = credentialScope(time, region);
  const headers = { ...lowerCaseNames(request.headers), host: request.host };
  const query: Record<string, string> = {
    ...request.query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresIn),
    'X-Amz-SignedHeaders': signedHeaderNames(headers),
  };
  if (credentials.sessionToken !== undefined) query['X-Amz-Security-Token'] = credentials.sessionToken;

  const encoded = canonicalQuery(query);
  const canonical = canonicalRequest(request, headers, encoded, UNSIGNED_PAYLOAD);
  const signature = sign(canonical, { secret: credentials.secretAccessKey, region, time, scope });
  return `${encoded}&X-Amz-Signature=${signature}`;
}

/** RFC 3986 unreserved characters stay, all else becomes %XX; `/` stays too. */
export function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

export function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function canonicalRequest(
  request: SignableRequest,
  headers: Readonly<Record<string, string>>,
  query: string,
  payloadHash: string,
): string {
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]?.trim().replace(/\s+/g, ' ')}\n`);
  return [request.method, request.path, query, lines.join(''), signedHeaderNames(headers), payloadHash].join('\n');
}

function sign(
  canonical: string,
  { secret, region, time, scope }: { secret: string; region: string; time: string; scope: string },
): string {
  const stringToSign = [ALGORITHM, time, scope, sha256(canonical)].join('\n');
  const dateKey = hmac(`AWS4${secret}`, time.slice(0, 8));
  const signingKey = hmac(hmac(hmac(dateKey, region), 's3'), 'aws4_request');
  return hmac(signingKey, stringToSign).toString('hex');
}

function hmac(key: string | Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function amzDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function credentialScope(time: string, region: string): string {
  return `${time.slice(0, 8)}/${region}/s3/aws4_request`;
}

function signedHeaderNames(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers).sort().join(';');
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

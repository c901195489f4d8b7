import { createHash } from 'node:crypto';
import {
  canonicalQuery,
  canonicalRequest,
  hashCanonicalRequest,
  type RequestHead,
} from '../../src/objects/access/canonical-request.ts';
import {
  deriveSigningKey,
  formatTimestamp,
  scopeText,
  sign,
  stringToSign,
} from '../../src/objects/access/signature-v4.ts';

export interface SignerKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignOptions {
  readonly method: string;
  readonly path: string;
  readonly query?: RequestHead['query'];
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-content-sha256`. */
  readonly payload: string;
  readonly now?: number;
  readonly region?: string;
}

/** A SigV4 signer of our own for tests that write requests byte by byte. Proven by the published examples on the other side. */
export function signRequest(key: SignerKey, options: SignOptions): Record<string, string> {
  const timestamp = formatTimestamp(options.now ?? Date.now());
  const scope = { date: timestamp.slice(0, 8), region: options.region ?? 'test', service: 's3' };
  const headers: Record<string, string> = {
    ...options.headers,
    'x-amz-content-sha256': options.payload,
    'x-amz-date': timestamp,
  };
  const names = Object.keys(headers).sort();
  const head: RequestHead = {
    method: options.method,
    path: options.path,
    query: options.query ?? [],
    headers: new Map(Object.entries(headers)),
  };
  const hash = hashCanonicalRequest(canonicalRequest(head, names, options.payload));
  const signature = sign(deriveSigningKey(key.secretAccessKey, scope), stringToSign(timestamp, scope, hash));
  const credential = `${key.accessKeyId}/${scopeText(scope)}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${names.join(';')},Signature=${signature}`;
  return { ...headers, authorization };
}

export interface PresignOptions {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly timestamp: string;
  /** More query parameters that are signed. */
  readonly extra?: RequestHead['query'];
}

/** Path and query of a URL that is good for a minute. */
export function presign(key: SignerKey, { method, path, host, timestamp, extra = [] }: PresignOptions): string {
  const scope = { date: timestamp.slice(0, 8), region: 'test', service: 's3' };
  const query: RequestHead['query'] = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${key.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', timestamp],
    ['X-Amz-Expires', '60'],
    ['X-Amz-SignedHeaders', 'host'],
    ...extra,
  ];
  const head: RequestHead = { method, path, query, headers: new Map([['host', host]]) };
  const hash = hashCanonicalRequest(canonicalRequest(head, ['host'], 'UNSIGNED-PAYLOAD'));
  const signature = sign(deriveSigningKey(key.secretAccessKey, scope), stringToSign(timestamp, scope, hash));
  return `${path}?${canonicalQuery(query)}&X-Amz-Signature=${signature}`;
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

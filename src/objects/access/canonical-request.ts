import { hash } from 'node:crypto';

/** What a signature covers of a request. Header values are latin-1 strings, one character a byte, as `node:http` gives them. */
export interface RequestHead {
  readonly method: string;
  /** Percent-decoded and otherwise as sent: `//`, `.` and `..` are parts of S3 keys. */
  readonly path: string;
  /** Percent-decoded, in the order sent. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names; the values of a repeated header joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
}

const UNRESERVED = /^[A-Za-z0-9\-._~]*$/;
const UNRESERVED_PATH = /^[A-Za-z0-9\-._~/]*$/;

/** UriEncode() of the SigV4 specification: everything but `A-Z a-z 0-9 - . _ ~`, as UTF-8, upper-case hex. */
export function uriEncode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** S3 alone among the services encodes the path once and does not normalise it. */
export function canonicalPath(path: string): string {
  return UNRESERVED_PATH.test(path) ? path : path.split('/').map(uriEncode).join('/');
}

export function canonicalQuery(query: RequestHead['query']): string {
  const encoded: { readonly name: string; readonly value: string }[] = [];
  for (const [name, value] of query) {
    if (name !== 'X-Amz-Signature') encoded.push({ name: uriEncode(name), value: uriEncode(value) });
  }
  encoded.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value));
  return encoded.map(({ name, value }) => `${name}=${value}`).join('&');
}

/** By code unit, which for encoded (ASCII) names is by byte. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A signed header that was not sent counts as empty, as S3 does. */
export function canonicalHeaders(headers: RequestHead['headers'], signed: readonly string[]): string {
  return signed.map((name) => `${name}:${(headers.get(name) ?? '').trim().replace(/\s+/g, ' ')}\n`).join('');
}

export function canonicalRequest(head: RequestHead, signedHeaders: readonly string[], payloadHash: string): string {
  const path = canonicalPath(head.path);
  const query = canonicalQuery(head.query);
  const headers = canonicalHeaders(head.headers, signedHeaders);
  return `${head.method}\n${path}\n${query}\n${headers}\n${signedHeaders.join(';')}\n${payloadHash}`;
}

/** Path and query are ASCII here and header values one byte a character, so latin-1 gives the bytes that were sent. */
export function hashCanonicalRequest(text: string): string {
  return hash('sha256', Buffer.from(text, 'latin1'));
}

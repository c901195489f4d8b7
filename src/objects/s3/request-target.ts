import { s3Errors } from './errors.ts';

/** What a request is about. An empty bucket is the service itself; an empty key is the bucket. */
export interface RequestTarget {
  readonly bucket: string;
  readonly key: string;
  /** Decoded, as sent: what is signed. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
}

/** S3 keys are up to 1,024 bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/**
 * Parsed by hand, since `URL` would resolve `.` and `..`, which are legal in keys.
 * @param hosts base hosts of virtual-host style: `s3.localhost` for `<bucket>.s3.localhost`
 */
export function parseTarget(url: string, host: string, hosts: readonly string[]): RequestTarget {
  // Two of them arrive joined (RFC 9112 section 3.2: a server answers 400).
  if (host.includes(',')) throw s3Errors.invalidRequest('a request has one Host header');
  // The absolute form has an origin before the path (RFC 9112 section 3.2.2).
  const origin = url.startsWith('/') ? '' : (/^https?:\/\/[^/?]*/i.exec(url)?.[0] ?? '');
  const mark = url.indexOf('?', origin.length);
  const path = decode((mark < 0 ? url.slice(origin.length) : url.slice(origin.length, mark)) || '/');
  if (!path.startsWith('/')) throw s3Errors.invalidUri('the request target is not a path');
  const query = parseQuery(mark < 0 ? '' : url.slice(mark + 1));

  const virtual = virtualHostBucket(host, hosts);
  const slash = path.indexOf('/', 1);
  const bucket = virtual ?? path.slice(1, slash < 0 ? undefined : slash);
  const key = virtual === undefined ? (slash < 0 ? '' : path.slice(slash + 1)) : path.slice(1);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw s3Errors.keyTooLong('the key is longer than 1,024 bytes');
  return { bucket, key, path, query };
}

function virtualHostBucket(host: string, hosts: readonly string[]): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  const base = hosts.find((base) => name.endsWith(`.${base}`));
  return base === undefined ? undefined : name.slice(0, -base.length - 1);
}

function parseQuery(text: string): RequestTarget['query'] {
  const query: [string, string][] = [];
  if (text === '') return query;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    query.push(at < 0 ? [decodeForm(pair), ''] : [decodeForm(pair.slice(0, at)), decodeForm(pair.slice(at + 1))]);
  }
  return query;
}

/** In a query a plus is a space. */
function decodeForm(text: string): string {
  return decode(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw s3Errors.invalidUri('the request target is not percent-encoded UTF-8');
  }
}

import type { IncomingMessage } from 'node:http';

/**
 * What an intermediary does to header fields: pure functions over node's flat
 * `[name, value, name, value, …]` lists, so that case, order and repetition stay.
 */

export interface Client {
  readonly address: string;
  readonly proto: 'http' | 'https';
  /** The authority the client asked for. */
  readonly authority: string;
}

/**
 * RFC 9110 section 7.6.1, and the fields of framing: node writes those anew
 * from what its parser understood, so that a backend cannot read a message
 * differently from us (RFC 9112 section 11.2).
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Said by us alone: what a client says about itself here is not to be believed. */
const OURS: ReadonlySet<string> = new Set([
  'content-length',
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
]);

export interface RequestHead {
  readonly rawHeaders: readonly string[];
  /** Length of the body in bytes, `chunked` when it is not known beforehand, `none` without a body. */
  readonly body: BodyFraming;
  readonly client: Client;
  /** The protocol to switch to. */
  readonly upgrade?: string | undefined;
}

export type BodyFraming = number | 'chunked' | 'none';

/** The fields that a backend receives. */
export function requestHeaders({ rawHeaders, body, client, upgrade }: RequestHead): string[] {
  const named = namedByConnection(rawHeaders);
  const headers = ['Host', client.authority];
  let trailers = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    const value = rawHeaders[i + 1] as string;
    if (name === 'te') trailers ||= /\btrailers\b/i.test(value);
    if (HOP_BY_HOP.has(name) || OURS.has(name) || named?.has(name)) continue;
    headers.push(rawHeaders[i] as string, value);
  }
  if (typeof body === 'number') headers.push('Content-Length', String(body));
  if (body === 'chunked') headers.push('Transfer-Encoding', 'chunked');
  if (trailers) headers.push('TE', 'trailers');
  if (upgrade !== undefined) headers.push('Connection', 'Upgrade', 'Upgrade', upgrade);
  headers.push('X-Forwarded-For', client.address);
  headers.push('X-Forwarded-Proto', client.proto);
  headers.push('X-Forwarded-Host', client.authority);
  headers.push('Forwarded', forwarded(client));
  return headers;
}

/** The fields that the client receives. `Content-Length` stays: the body is passed on as it comes. */
export function responseHeaders(rawHeaders: readonly string[]): string[] {
  const named = namedByConnection(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (HOP_BY_HOP.has(name) || (named?.has(name) && name !== 'content-length')) continue;
    headers.push(rawHeaders[i] as string, rawHeaders[i + 1] as string);
  }
  return headers;
}

/** What may stand in a trailer: nothing of framing, routing or ours (RFC 9110 section 6.5.1). */
export function trailerFields(rawTrailers: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i < rawTrailers.length; i += 2) {
    const name = (rawTrailers[i] as string).toLowerCase();
    if (!HOP_BY_HOP.has(name) && !OURS.has(name)) fields.push([rawTrailers[i] as string, rawTrailers[i + 1] as string]);
  }
  return fields;
}

/** Fields that `Connection` declares to be for one hop; `undefined` when there are none. */
function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = (rawHeaders[i + 1] as string).toLowerCase();
    if (value === 'keep-alive' || value === 'close') continue;
    named ??= new Set();
    for (const token of value.split(',')) named.add(token.trim());
  }
  return named;
}

/** RFC 7239 section 4: values that are not tokens are quoted, IPv6 addresses stand in brackets. */
function forwarded({ address, proto, authority }: Client): string {
  const node = address.includes(':') ? `"[${address}]"` : address;
  const host = /^[\w.!#$%&'*+^`|~-]+$/.test(authority) ? authority : `"${authority.replace(/["\\]/g, '\\$&')}"`;
  return `for=${node};host=${host};proto=${proto}`;
}

/** Methods whose requests have no body unless they say so; of others, no length means a length of 0. */
const BODILESS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * How the body of a request is framed, from the same fields that node's parser went by.
 * @returns the reason when it must be refused: 501 for a coding that we cannot undo, 400 for the rest (RFC 9112 section 6)
 */
export function bodyFraming({
  method,
  headers,
  httpVersionMinor,
}: Pick<IncomingMessage, 'method' | 'headers' | 'httpVersionMinor'>):
  | BodyFraming
  | { readonly status: 400 | 501; readonly why: string } {
  const coding = headers['transfer-encoding'];
  const length = headers['content-length'];
  if (coding === undefined) {
    if (length !== undefined) return Number(length);
    return BODILESS.has(method) ? 'none' : 0;
  }
  if (length !== undefined) return { status: 400, why: 'it has both Content-Length and Transfer-Encoding' };
  if (httpVersionMinor === 0) return { status: 400, why: 'HTTP/1.0 has no Transfer-Encoding' };
  if (coding.toLowerCase() !== 'chunked') return { status: 501, why: 'a Transfer-Encoding other than chunked' };
  return 'chunked';
}

/** Whether an answer comes in a transfer coding that we cannot undo; node undoes `chunked` (RFC 9112 section 6.1). */
export function hasForeignCoding(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length !== 17 || name.toLowerCase() !== 'transfer-encoding') continue;
    if ((rawHeaders[i + 1] as string).toLowerCase() !== 'chunked') return true;
  }
  return false;
}

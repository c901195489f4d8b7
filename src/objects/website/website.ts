import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';

/** A bucket's website configuration (S3 API, WebsiteConfiguration). Without any, keys are served as they are. */
export interface Website {
  /** Ends in no slash and has none. */
  readonly index?: string | undefined;
  /** Key of what is answered in place of an error. */
  readonly error?: string | undefined;
  readonly redirectAll?: { readonly host: string; readonly protocol?: Protocol | undefined } | undefined;
  readonly rules?: readonly RoutingRule[] | undefined;
}

export type Protocol = 'http' | 'https';

export interface RoutingRule {
  /** Absent: always. Both hold where both are given. */
  readonly when?: { readonly prefix?: string | undefined; readonly status?: number | undefined } | undefined;
  readonly redirect: {
    readonly protocol?: Protocol | undefined;
    readonly host?: string | undefined;
    readonly replacePrefix?: string | undefined;
    readonly replaceKey?: string | undefined;
    readonly status?: number | undefined;
  };
}

/** What a client asks a website for. */
export interface WebsiteRequest {
  /** The path, decoded, without its first slash. */
  readonly key: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  readonly protocol: Protocol;
  /** As the client wrote it, port included. */
  readonly host: string;
}

export interface Redirect {
  readonly kind: 'redirect';
  readonly status: number;
  readonly location: string;
}

/** Why there is no object to answer with. */
export interface Miss {
  readonly status: number;
  /** The key stands for a directory that has an index. */
  readonly isDirectory: boolean;
}

/** What happens before anything is looked up (S3 User Guide, "Configuring a webpage redirect"). */
export function route(website: Website, request: WebsiteRequest): Redirect | { kind: 'object'; key: string } {
  const { redirectAll, rules = [] } = website;
  if (redirectAll) {
    const { protocol = request.protocol, host } = redirectAll;
    return redirectTo(301, `${protocol}://${host}/${encodeKey(request.key)}${request.query}`);
  }
  const rule = rules.find(({ when }) => when?.status === undefined && request.key.startsWith(when?.prefix ?? ''));
  if (rule) return follow(rule, request);
  return { kind: 'object', key: isIndexed(website, request.key) ? request.key + website.index : request.key };
}

/** The key that makes `key` a directory, to be asked for when there is no object of that key itself. */
export function directoryIndex({ index }: Website, key: string): string | undefined {
  return index === undefined || key === '' || key.endsWith('/') ? undefined : `${key}/${index}`;
}

/** What is answered in place of an object: a redirect, or the error document with the status of the error. */
export function routeMiss(
  { rules = [], error }: Website,
  request: WebsiteRequest,
  { status, isDirectory }: Miss,
): Redirect | { kind: 'error'; status: number; document: string | undefined } {
  // A second slash in front would make it the name of another host (RFC 3986 section 4.2).
  if (isDirectory) return redirectTo(302, `/${encodeKey(request.key).replace(/^\//, '%2F')}/${request.query}`);
  const rule = rules.find(({ when }) => when?.status === status && request.key.startsWith(when.prefix ?? ''));
  return rule ? follow(rule, request) : { kind: 'error', status, document: error };
}

function isIndexed({ index }: Website, key: string): boolean {
  return index !== undefined && (key === '' || key.endsWith('/'));
}

function follow({ when, redirect }: RoutingRule, request: WebsiteRequest): Redirect {
  const { protocol = request.protocol, host = request.host, status = 301 } = redirect;
  const target = newTarget(redirect, request.key, when?.prefix ?? '');
  const query = /[?#]/.test(target) ? '' : request.query;
  return redirectTo(status, `${protocol}://${host}/${target}${query}`);
}

/** A replacement may have a query or a fragment of its own; what stays of the key has neither. */
function newTarget({ replaceKey, replacePrefix }: RoutingRule['redirect'], key: string, prefix: string): string {
  if (replaceKey !== undefined) return encodeURI(replaceKey);
  if (replacePrefix === undefined) return encodeKey(key);
  return encodeURI(replacePrefix) + encodeKey(key.slice(prefix.length));
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

function redirectTo(status: number, location: string): Redirect {
  return { kind: 'redirect', status, location };
}

const PLAIN: Website = {};
const read = documentReader<Website>('website');

export function websiteOf(bucket: Bucket): Website {
  return read(bucket) ?? PLAIN;
}

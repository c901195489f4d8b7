import { unquote } from '../etag.ts';
import type { HeaderChanges } from '../store/object.ts';
import type { Authentication } from './authenticate.ts';
import { parseCopySource } from './copy-source.ts';
import { accessErrors } from './errors.ts';
import type { ConditionContext } from './policy/condition-keys.ts';
import { ACCOUNT, principalArn } from './policy/principal.ts';
import { ALGORITHM, parseTimestamp } from './signature-v4.ts';

export interface ContextSource {
  /** Its name in the S3 API: `PutObject`. */
  readonly operation: string;
  readonly authentication: Authentication;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  /** Of the connection: what a header claims about its sender proves nothing. */
  readonly sourceIp: string;
  readonly secure: boolean;
  readonly now: number;
}

/** What a policy's conditions may ask of a request (`aws:` and `s3:` condition keys). */
export function requestContext(source: ContextSource): ConditionContext {
  const { query, headers, now } = source;
  return (key) => {
    const known = VALUES[key]?.(source);
    if (known !== undefined) return typeof known === 'string' ? [known] : known;
    switch (key) {
      case 'aws:currenttime':
        return [new Date(now).toISOString()];
      case 'aws:epochtime':
        return [String(Math.floor(now / 1000))];
    }
    const name = key.slice('s3:'.length);
    if (key.startsWith(LOCK_KEYS)) return present(lockValue(key.slice(LOCK_KEYS.length), headers, now));
    if (key.startsWith('s3:x-amz-')) return present(headers.get(name));
    if (key.startsWith('s3:requestobjecttag/')) return present(tags(headers, name.slice('requestobjecttag/'.length)));
    return QUERY_KEYS.has(key) ? present(query.get(name)) : [];
  };
}

/** These make the object; the others that need `s3:PutObject` make a part of it (S3 User Guide, "Enforce conditional writes"). */
const CREATIONS: ReadonlySet<string> = new Set(['PutObject', 'CopyObject', 'CompleteMultipartUpload', 'PostObject']);

const LOCK_KEYS = 's3:object-lock-';
const LOCK_HEADERS = 'x-amz-object-lock-';
const DAY_MS = 24 * 3600_000;

/** Of the lock that a request asks for. Days count when they have begun: clients reckon from a little earlier. */
function lockValue(name: string, headers: ReadonlyMap<string, string | undefined>, now: number): string | undefined {
  if (name !== 'remaining-retention-days') return headers.get(LOCK_HEADERS + name);
  const until = Date.parse(headers.get(`${LOCK_HEADERS}retain-until-date`) ?? '');
  return Number.isNaN(until) ? undefined : String(Math.ceil((until - now) / DAY_MS));
}

const QUERY_KEYS = new Set(['s3:prefix', 's3:delimiter', 's3:max-keys']);

type Value = (source: ContextSource) => string | readonly string[] | undefined;

const ofKey =
  (value: (owner: string, accessKeyId: string) => string): Value =>
  ({ authentication: { identity } }) =>
    identity.kind === 'key' ? value(identity.owner, identity.accessKeyId) : undefined;

const AUTH_TYPES = { header: 'REST-HEADER', query: 'REST-QUERY-STRING', form: 'POST' };

const VALUES: Readonly<Record<string, Value>> = {
  'aws:principalaccount': ofKey(() => ACCOUNT),
  'aws:principalarn': ofKey(principalArn),
  'aws:principaltype': ({ authentication: { identity } }) => (identity.kind === 'key' ? 'User' : 'Anonymous'),
  'aws:referer': ({ headers }) => headers.get('referer'),
  'aws:resourceaccount': () => ACCOUNT,
  'aws:securetransport': ({ secure }) => String(secure),
  // An IPv4 client of an IPv6 socket (RFC 4291 section 2.5.5.2).
  'aws:sourceip': ({ sourceIp }) => sourceIp.replace(/^::ffff:(?=\d+\.)/i, ''),
  'aws:useragent': ({ headers }) => headers.get('user-agent'),
  'aws:userid': ofKey((_owner, accessKeyId) => accessKeyId),
  'aws:username': ofKey((owner) => owner),
  's3:authtype': ({ authentication: { identity, mechanism } }) =>
    identity.kind === 'key' ? AUTH_TYPES[mechanism] : undefined,
  's3:if-match': ({ headers }) => etag(headers.get('if-match')),
  's3:if-none-match': ({ headers }) => headers.get('if-none-match'),
  's3:objectcreationoperation': ({ operation }) => String(CREATIONS.has(operation)),
  's3:requestobjecttagkeys': ({ headers }) => tagNames(headers),
  's3:resourceaccount': () => ACCOUNT,
  's3:signatureage': ({ authentication: { identity, mechanism }, headers, query, now }) => {
    const time = parseTimestamp((mechanism === 'query' ? query.get('X-Amz-Date') : headers.get('x-amz-date')) ?? '');
    return identity.kind === 'key' && time !== undefined ? String(Math.max(0, now - time)) : undefined;
  },
  's3:signatureversion': ofKey(() => ALGORITHM),
  's3:versionid': ({ query }) => query.get('versionId'),
  's3:x-amz-copy-source': ({ headers }) => copySource(headers.get('x-amz-copy-source')),
};

/** Without quotes, with which and without which it is the same condition. */
function etag(header: string | undefined): string | undefined {
  return header === undefined ? undefined : unquote(header);
}

function present(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

/** As `<bucket>/<key>`, whichever way it was written: a Deny that one more slash or an escape gets around is none. */
function copySource(header: string | undefined): string | undefined {
  const source = header === undefined ? undefined : parseCopySource(header);
  return source && `${source.bucket}/${source.key}`;
}

/** The context with the version that is asked for, which the query names, the body or the copy source. */
export function withVersion(context: ConditionContext, versionId: string | undefined): ConditionContext {
  return (key) => (key === 's3:versionid' ? present(versionId) : context(key));
}

/** The context with the prefix that a listing would name. */
export function withPrefix(context: ConditionContext, prefix: string | undefined): ConditionContext {
  return (key) => (key === 's3:prefix' ? present(prefix) : context(key));
}

/** The context with the lock that only the body asked for, said as headers. */
export function withLock(context: ConditionContext, lock: HeaderChanges | undefined, now: number): ConditionContext {
  if (!lock) return context;
  const headers = new Map(Object.entries(lock));
  return (key) => {
    if (!key.startsWith(LOCK_KEYS)) return context(key);
    return present(lockValue(key.slice(LOCK_KEYS.length), headers, now));
  };
}

interface Tag {
  readonly key: string;
  readonly value: string;
}

/** The context with tags that only the object has, or only the body. */
export function withTags(
  context: ConditionContext,
  kind: 'existing' | 'request',
  tags: readonly Tag[] | undefined,
): ConditionContext {
  if (!tags) return context;
  const prefix = `s3:${kind}objecttag/`;
  return (key) => {
    if (key === 's3:requestobjecttagkeys' && kind === 'request') return tags.map((tag) => tag.key);
    if (!key.startsWith(prefix)) return context(key);
    return present(tagValue(tags, key.slice(prefix.length)));
  };
}

function tags(headers: ContextSource['headers'], name: string): string | undefined {
  const entries = [...new URLSearchParams(headers.get('x-amz-tagging') ?? '')];
  return tagValue(
    entries.map(([key, value]) => ({ key, value })),
    name,
  );
}

/**
 * Tags know upper and lower case, condition keys do not: of two that such a key means, one could hide the other.
 * @throws HoldfastError `access.denied` for those
 */
function tagValue(tags: readonly Tag[], name: string): string | undefined {
  const [tag, ...more] = tags.filter(({ key }) => key.toLowerCase() === name);
  if (more.length > 0) throw accessErrors.denied('Access Denied');
  return tag?.value;
}

function tagNames(headers: ContextSource['headers']): readonly string[] {
  return [...new URLSearchParams(headers.get('x-amz-tagging') ?? '').keys()];
}

import { HoldfastError } from '../../core/errors.ts';
import type { Authentication } from '../access/authenticate.ts';
import { accessErrors } from '../access/errors.ts';
import { requestContext } from '../access/request-context.ts';
import { accessTo } from '../s3/access-check.ts';
import { s3ErrorCode } from '../s3/error-responses.ts';
import { S3Failure } from '../s3/errors.ts';
import { perform } from '../s3/gateway.ts';
import { metadataHeaders, REDIRECT } from '../s3/metadata.ts';
import type { S3Context, S3Response } from '../s3/operation.ts';
import { getObject } from '../s3/operations/get-object.ts';
import { headObject } from '../s3/operations/head-object.ts';
import type { Bucket } from '../store/bucket.ts';
import { errorPage } from './error-page.ts';
import { noIndexDocument } from './errors.ts';
import { directoryIndex, type Redirect, route, routeMiss, type WebsiteRequest, websiteOf } from './website.ts';

export interface SiteRequest extends WebsiteRequest {
  readonly method: 'GET' | 'HEAD';
  readonly bucket: Bucket;
  readonly headers: ReadonlyMap<string, string>;
  /** Of the client, not of the edge. */
  readonly sourceIp: string;
}

/** With what the access log says of it. */
export interface SiteResponse extends S3Response {
  /** Which object was looked for: of a directory, its index document. */
  readonly key?: string | undefined;
  /** S3's own, where it could not be shown. */
  readonly errorCode?: string | undefined;
  /** Only the object's ACL could allow it. */
  readonly aclRequired?: boolean | undefined;
}

/** What is shown has the newest version of an object at once, unless the object's own Cache-Control says more. */
const CACHE_CONTROL = 'public, max-age=0, must-revalidate';
const NOBODY: Authentication = { identity: { kind: 'anonymous' }, payload: { kind: 'unsigned' }, mechanism: 'header' };
const NONE: ReadonlyMap<string, string> = new Map();

/** Answers as S3's website endpoints do: to nobody in particular, by the rules of the bucket. */
export async function answerWebsite(request: SiteRequest, context: S3Context): Promise<SiteResponse> {
  const website = websiteOf(request.bucket);
  const next = route(website, request);
  if (next.kind === 'redirect') return { ...redirection(next), key: request.key };
  const { key } = next;
  try {
    return { ...(await answerObject(key, request, context)), key };
  } catch (cause) {
    const error = HoldfastError.from(cause);
    const { code, status } = s3ErrorCode(error);
    if (status >= 500) throw error;
    const response = await answerMiss(error, request, context);
    return { ...response, key, errorCode: response.status < 400 ? undefined : code };
  }
}

async function answerObject(key: string, request: SiteRequest, context: S3Context): Promise<SiteResponse> {
  const response = await read(key, request, context);
  const { [REDIRECT]: location, ...headers } = response.headers ?? {};
  if (location !== undefined) {
    response.release?.();
    return redirection({ kind: 'redirect', status: 301, location });
  }
  if (response.status !== 304) return { ...response, headers: { 'cache-control': CACHE_CONTROL, ...headers } };
  // What a 200 would say of the representation; the edge needs it to name the right one (RFC 9110 section 15.4.5).
  const { metadata, size } = await context.store.head(request.bucket.name, key);
  const representation = { ...metadataHeaders(metadata), 'content-length': String(size) };
  return { ...response, headers: { 'cache-control': CACHE_CONTROL, ...representation, ...headers } };
}

async function answerMiss(error: HoldfastError, request: SiteRequest, context: S3Context): Promise<S3Response> {
  const website = websiteOf(request.bucket);
  const { code, status } = s3ErrorCode(error);
  const index = status === 404 ? directoryIndex(website, request.key) : undefined;
  const isDirectory = index !== undefined && (await isReadable(index, request, context));
  const next = routeMiss(website, request, { status, isDirectory });
  if (next.kind === 'redirect') return redirection(next);
  const document = next.document === undefined ? undefined : await errorDocument(next.document, request, context);
  const { body, headers, release } = document ?? errorPage({ status, code, message: error.message, key: request.key });
  return { status, body, release, headers: { 'cache-control': CACHE_CONTROL, ...headers, ...lengthOf(error) } };
}

/** How long the object is that a range was not of. */
function lengthOf(error: HoldfastError): Record<string, string> {
  const range = error instanceof S3Failure ? error.headers['content-range'] : undefined;
  return range === undefined ? {} : { 'content-range': range };
}

async function isReadable(key: string, request: SiteRequest, context: S3Context): Promise<boolean> {
  try {
    await read(key, { ...request, method: 'HEAD', headers: NONE }, context);
    return true;
  } catch {
    return false;
  }
}

/** Without what would let it be taken for the object that was asked for; nothing where it cannot be read. */
async function errorDocument(
  key: string,
  request: SiteRequest,
  context: S3Context,
): Promise<Omit<S3Response, 'status'> | undefined> {
  try {
    const { headers, body, release } = await read(key, { ...request, headers: NONE }, context);
    const { etag: _etag, 'last-modified': _modified, 'accept-ranges': _ranges, ...rest } = headers ?? {};
    return { headers: rest, body, release };
  } catch {
    return undefined;
  }
}

/** GetObject or HeadObject, by somebody without a key. @throws as those do */
async function read(key: string, request: SiteRequest, context: S3Context): Promise<SiteResponse> {
  const { method, bucket, headers, sourceIp, protocol } = request;
  const operation = method === 'HEAD' ? headObject : getObject;
  const routed = { method, bucket: bucket.name, key, query: NONE, headers };
  const secure = protocol === 'https';
  const source = { ...routed, operation: operation.name, authentication: NOBODY, sourceIp, secure, now: Date.now() };
  const { identity } = NOBODY;
  const access = accessTo(context.store, { identity, context: requestContext(source) });
  await access.operation(operation, routed);
  if (key === '') {
    const isTold = !access.undecided || (await access.mayMiss(routed));
    throw isTold ? noIndexDocument(bucket.name) : accessErrors.denied('Access Denied');
  }
  const { aclRequired } = access;
  const response = await perform({ operation, request: { ...routed, identity, access, body: noBody } }, context);
  return { ...response, aclRequired };
}

function noBody(): never {
  throw new Error('a read has no body');
}

function redirection({ status, location }: Redirect): S3Response {
  return { status, headers: { location } };
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { pooledRandomBytes } from '../../core/random-pool.ts';
import { WEBSITE_HOST } from '../../spec/host-label.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import { corsHeaders, preflightHeaders } from '../s3/cors.ts';
import { s3ErrorCode } from '../s3/error-responses.ts';
import { headerMap } from '../s3/exchange.ts';
import type { S3Context } from '../s3/operation.ts';
import { parseTarget } from '../s3/request-target.ts';
import { sendResponse } from '../s3/response.ts';
import type { Bucket } from '../store/bucket.ts';
import { answerWebsite, type SiteResponse } from './answer-website.ts';
import type { Domains } from './domains.ts';
import { errorPage } from './error-page.ts';
import { recordSite } from './website-records.ts';

export interface WebsiteServerOptions extends S3Context {
  readonly domains: Domains;
  readonly log: Logger;
  /** Of the buckets that have one; absent: none of them. */
  readonly accessLog?: AccessLog | undefined;
}

/** Room for what the edge adds to the longest head that it takes. */
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * The buckets as websites. For the edge alone, over a Unix socket that nobody else can
 * open: that is why what `X-Forwarded-…` says of the client is believed here.
 * 421 where no bucket has the host (RFC 9110 section 15.5.20).
 */
export function createWebsiteServer(options: WebsiteServerOptions): Server {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0, keepAliveTimeout: 0 });
  server.on('request', (req, res) => void serve(req, res, options));
  return server;
}

async function serve(req: IncomingMessage, res: ServerResponse, options: WebsiteServerOptions): Promise<void> {
  const { log, domains, accessLog } = options;
  const startedAt = performance.now();
  const id = pooledRandomBytes(8).toString('hex').toUpperCase();
  const headers = headerMap(req.rawHeaders);
  const { method = 'GET' } = req;
  const bucket = domains.bucketOf(hostName(headers.get('x-forwarded-host') ?? ''));
  let response: SiteResponse = { status: 421 };
  let answeredAt = startedAt;
  let bytesOut = 0;
  const onSent = (bytes: number) => {
    bytesOut += bytes;
  };
  const send = (more: Readonly<Record<string, string>>) => {
    answeredAt = performance.now();
    const sent = { ...response, headers: { ...response.headers, ...more, 'x-amz-request-id': id } };
    return sendResponse(res, { ...sent, bodiless: method === 'HEAD', onSent });
  };
  try {
    if (bucket) response = await answer({ req, method, headers, bucket }, options);
    // The edge asks with HEAD for a body that it has: whatever page may GET may see the same of it.
    await send(method === 'OPTIONS' ? {} : corsHeaders(headers, method === 'HEAD' ? 'GET' : method, bucket));
  } catch (cause) {
    const error = HoldfastError.from(cause);
    response = failure(error);
    if (response.status >= 500 && !req.destroyed) log.error({ bucket: bucket?.name, err: error }, error.message);
    await send({}).catch(() => {}); // the client has left
  }
  if (bucket && accessLog)
    recordSite({ id, req, headers, startedAt, answeredAt, response, bytesOut }, bucket, accessLog);
}

function failure(error: HoldfastError): SiteResponse {
  const { code, status } = s3ErrorCode(error);
  const message = status >= 500 ? 'We encountered an internal error. Please try again.' : error.message;
  return { status, errorCode: code, ...errorPage({ status, code, message, key: '' }) };
}

interface Asked {
  readonly req: IncomingMessage;
  readonly method: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly bucket: Bucket;
}

async function answer({ req, method, headers, bucket }: Asked, context: S3Context): Promise<SiteResponse> {
  if (method === 'OPTIONS') return { status: 200, headers: preflightHeaders(headers, bucket) };
  const url = req.url ?? '/';
  const { key } = parseTarget(url, `${bucket.name}.${WEBSITE_HOST}`, [WEBSITE_HOST]);
  if (method !== 'GET' && method !== 'HEAD') {
    const message = 'the specified method is not allowed against this resource';
    const errorCode = 'MethodNotAllowed';
    const { body, headers } = errorPage({ status: 405, code: errorCode, message, key });
    return { status: 405, key, errorCode, body, headers: { ...headers, allow: 'GET, HEAD, OPTIONS' } };
  }
  return answerWebsite(
    {
      method,
      bucket,
      key,
      query: url.includes('?') ? url.slice(url.indexOf('?')) : '',
      protocol: headers.get('x-forwarded-proto') === 'https' ? 'https' : 'http',
      host: headers.get('x-forwarded-host') ?? '',
      headers,
      sourceIp: headers.get('x-forwarded-for') ?? '',
    },
    context,
  );
}

function hostName(authority: string): string {
  return authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

import type { IncomingMessage } from 'node:http';
import type { AccessLog } from '../access-log/access-log.ts';
import { withoutSecrets } from '../access-log/without-secrets.ts';
import { sizeOfObject } from '../s3/access-records.ts';
import type { Bucket } from '../store/bucket.ts';
import type { SiteResponse } from './answer-website.ts';

/** The method of a client's request, in the first that the edge makes for it: one that it makes besides has no line. */
export const CLIENT_METHOD = 'x-forwarded-method';

/** A request of the edge that is over. */
export interface SiteOutcome {
  readonly id: string;
  readonly req: IncomingMessage;
  readonly headers: ReadonlyMap<string, string>;
  /** As `performance.now()` has it. */
  readonly startedAt: number;
  readonly answeredAt: number;
  readonly response: SiteResponse;
  /** Of its body. */
  readonly bytesOut: number;
}

/** The line of a client's request in the access log of the bucket. */
export function recordSite(outcome: SiteOutcome, bucket: Bucket, accessLog: AccessLog): void {
  const { id, req, headers, startedAt, answeredAt, response } = outcome;
  const method = headers.get(CLIENT_METHOD);
  if (method === undefined) return;
  const { status, key, errorCode } = response;
  const isOfObject = errorCode === undefined && (status < 300 || status === 304);
  accessLog.add(bucket, () => ({
    bucket: bucket.name,
    time: Date.now() - (performance.now() - startedAt),
    requestId: id,
    operation: `WEBSITE.${method}.${method === 'OPTIONS' ? 'PREFLIGHT' : 'OBJECT'}`,
    remoteIp: headers.get('x-forwarded-for'),
    key,
    requestLine: `${method} ${withoutSecrets(req.url ?? '/')} HTTP/1.1`,
    status,
    errorCode,
    bytesSent: bytesSent(outcome, method) || undefined,
    objectSize: isOfObject ? sizeOfObject(response.headers) : undefined,
    totalMs: performance.now() - startedAt,
    turnAroundMs: answeredAt - startedAt,
    referer: withoutSecrets(headers.get('referer') ?? ''),
    userAgent: headers.get('user-agent') ?? '',
    versionId: response.headers?.['x-amz-version-id'],
    host: headers.get('x-forwarded-host'),
    aclRequired: response.aclRequired,
  }));
}

/** Where the edge asks for the head of a body that it has, the client gets what a GET would have sent. */
function bytesSent({ req, response, bytesOut }: SiteOutcome, method: string): number {
  if (method !== 'GET' || req.method !== 'HEAD' || response.status === 304) return bytesOut;
  const { body } = response;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.byteLength(body);
  return Number(response.headers?.['content-length'] ?? 0);
}

import type { Logger } from '../../core/log.ts';
import type { Identity } from '../access/authenticate.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Exchange } from './exchange.ts';
import type { S3Response } from './operation.ts';
import type { RequestTarget } from './request-target.ts';

/** Which requests get a line of their own in the log; all of them have one at its level `debug`. */
export type RequestLogging = 'off' | 'failed' | 'all';

/** What is known of a request when it is over: the less, the earlier it failed. */
export interface RequestOutcome {
  operation: string;
  bucket?: string | undefined;
  key?: string | undefined;
  identity?: Identity | undefined;
  /** S3's own. */
  errorCode?: string | undefined;
  target?: RequestTarget | undefined;
  /** The bucket as it was when the request came. */
  found?: Bucket | undefined;
  /** Only the object's ACL could allow it. */
  aclRequired?: boolean | undefined;
  /** Of one that did not fail. */
  response?: S3Response | undefined;
}

/** No header, no query: signatures, tokens and the keys of customers are in them. */
export function logRequest(
  log: Logger,
  exchange: Exchange,
  { outcome, logging }: { readonly outcome: RequestOutcome; readonly logging: RequestLogging },
): void {
  const { id, req, res, startedAt } = exchange;
  const status = res.statusCode;
  const level = logging === 'all' || (logging === 'failed' && status >= 400) ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const { operation, bucket, key, identity, errorCode } = outcome;
  const line = {
    id,
    operation,
    method: req.method,
    bucket: bucket || undefined,
    key: key || undefined,
    status,
    errorCode,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    ms: Math.round(performance.now() - startedAt),
    remote: req.socket.remoteAddress,
    keyId: identity?.kind === 'key' ? identity.accessKeyId : undefined,
  };
  log[level](line, 'request');
}

import { parseCopySource } from '../access/copy-source.ts';
import { principalArn } from '../access/policy/principal.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import { type AccessRecord, BATCH_DELETE } from '../access-log/access-record.ts';
import { withoutSecrets } from '../access-log/without-secrets.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { Exchange } from './exchange.ts';
import { logOperation } from './log-operation.ts';
import type { S3Response } from './operation.ts';
import type { RequestOutcome } from './request-log.ts';

interface Destination {
  readonly accessLog: AccessLog;
  readonly store: Pick<ObjectStore, 'bucket'>;
}

/** What S3 calls the read of a copy, which is a line in the log of its source. */
const COPY_READS: Readonly<Record<string, string>> = {
  CopyObject: 'REST.COPY.OBJECT_GET',
  UploadPartCopy: 'REST.COPY.PART_GET',
};

/** The lines of a request that is over, in the access logs of the buckets that it touched. */
export function recordAccess(exchange: Exchange, outcome: RequestOutcome, { accessLog, store }: Destination): void {
  const { found, response, operation } = outcome;
  if (found) {
    const add = (record: () => AccessRecord) => accessLog.add(found, record);
    add(() => requestRecord(exchange, outcome, found));
    for (const one of response?.removals ?? []) {
      add(() => ({ ...commonRecord(exchange, outcome, found), ...one, operation: BATCH_DELETE }));
    }
  }
  const copyRead = COPY_READS[operation];
  if (copyRead !== undefined) recordCopyRead(exchange, outcome, { accessLog, store, operation: copyRead });
}

function recordCopyRead(
  exchange: Exchange,
  outcome: RequestOutcome,
  { accessLog, store, operation }: Destination & { readonly operation: string },
): void {
  const source = parseCopySource(parameter(exchange, outcome, 'x-amz-copy-source') ?? '');
  const bucket = source && present(source.bucket, store);
  if (!bucket) return;
  const { key, versionId } = source;
  const status = exchange.status;
  const { errorCode } = outcome;
  accessLog.add(bucket, () => ({
    ...commonRecord(exchange, outcome, bucket),
    ...{ operation, key, versionId, status, errorCode },
  }));
}

/** Nothing, too, where the store is out of reach: the request has had its answer. */
function present(name: string, store: Destination['store']): Bucket | undefined {
  try {
    return store.bucket(name);
  } catch {
    return undefined;
  }
}

/** What all lines of a request say alike. */
function commonRecord(
  exchange: Exchange,
  { identity }: RequestOutcome,
  { name }: Bucket,
): Omit<AccessRecord, 'operation'> {
  const { id, req, headers, startedAt } = exchange;
  const isHeaderSigned = headers.has('authorization');
  const isQuerySigned = !isHeaderSigned && /[?&]x-amz-(?:signature|algorithm)=/i.test(req.url ?? '');
  return {
    bucket: name,
    time: Date.now() - (performance.now() - startedAt),
    requestId: id,
    // An IPv4 client of an IPv6 socket (RFC 4291 section 2.5.5.2).
    remoteIp: req.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, ''),
    requester: identity?.kind === 'key' ? principalArn(identity.owner) : undefined,
    isSigned: isHeaderSigned || isQuerySigned || identity?.kind === 'key',
    authType: isHeaderSigned ? 'AuthHeader' : isQuerySigned ? 'QueryString' : undefined,
    host: headers.get('host'),
  };
}

function requestRecord(exchange: Exchange, outcome: RequestOutcome, bucket: Bucket): AccessRecord {
  const { req, headers, bytesOut, startedAt } = exchange;
  const { key = '', errorCode, response, aclRequired, target } = outcome;
  const method = req.method ?? 'GET';
  const query = new Map(target?.query);
  const routed = { method, bucket: bucket.name, key, query, headers };
  return {
    ...commonRecord(exchange, outcome, bucket),
    operation: logOperation(outcome.operation, routed),
    key,
    requestLine: `${method} ${withoutSecrets(req.url ?? '/')} HTTP/${req.httpVersion}`,
    status: exchange.status,
    errorCode,
    bytesSent: bytesOut || undefined,
    objectSize: objectSize(exchange, outcome),
    totalMs: performance.now() - startedAt,
    turnAroundMs: exchange.turnAroundMs,
    referer: withoutSecrets(headers.get('referer') ?? ''),
    userAgent: headers.get('user-agent') ?? '',
    versionId: response?.headers?.['x-amz-version-id'] ?? query.get('versionId'),
    aclRequired,
  };
}

/** Of the object that was read or came; what the request does not tell is not asked for. */
function objectSize({ headers }: Exchange, { operation, response, errorCode }: RequestOutcome): number | undefined {
  if (errorCode !== undefined) return undefined;
  switch (operation) {
    case 'GetObject':
    case 'HeadObject':
      return sizeOfObject(response?.headers);
    case 'PutObject':
    case 'UploadPart':
      return number(headers.get('x-amz-decoded-content-length') ?? headers.get('content-length'));
    default:
      return undefined;
  }
}

/** As the answer to a read of it says, also of a range. */
export function sizeOfObject(sent: S3Response['headers']): number | undefined {
  return number(sent?.['content-range']?.split('/')[1] ?? sent?.['content-length']);
}

function number(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** A header, which a presigned URL may carry in its query. */
function parameter({ headers }: Exchange, { target }: RequestOutcome, name: string): string | undefined {
  return headers.get(name) ?? target?.query.find(([one]) => one.toLowerCase() === name)?.[1];
}

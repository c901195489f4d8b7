import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Authenticate, Authentication } from '../access/authenticate.ts';
import type { AuthenticateForm } from '../access/authenticate-form.ts';
import { accessErrors } from '../access/errors.ts';
import { requestContext } from '../access/request-context.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import { piecesOf } from '../store/body.ts';
import { accessTo } from './access-check.ts';
import { recordAccess } from './access-records.ts';
import { receiveBody } from './body/request-body.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { publicMessage, s3ErrorCode } from './error-responses.ts';
import { S3Failure, s3Errors } from './errors.ts';
import { Exchange, endUnlessWorking, IDLE_TIMEOUT } from './exchange.ts';
import { checkExpectedOwners } from './expected-owner.ts';
import { isFormUpload, receiveForm } from './form/form-request.ts';
import { HEADER_NAME } from './header-name.ts';
import { refuseMoment } from './moment.ts';
import type { Operation, S3Context, S3Request, S3Response } from './operation.ts';
import { BUCKET_REGION, headBucket } from './operations/head-bucket.ts';
import { postObject } from './operations/post-object.ts';
import { logRequest, type RequestLogging, type RequestOutcome } from './request-log.ts';
import { parseTarget, type RequestTarget } from './request-target.ts';
import type { RoutedRequest } from './routed-request.ts';
import { findOperation } from './router.ts';
import { buildXml } from './xml.ts';

export interface S3GatewayOptions extends S3Context {
  readonly authenticate: Authenticate;
  readonly authenticateForm: AuthenticateForm;
  readonly log: Logger;
  /** Base hosts of virtual-host style: `s3.localhost` for `<bucket>.s3.localhost`. */
  readonly hosts: readonly string[];
  /** Default: off. */
  readonly requestLogging?: RequestLogging | undefined;
  /** Of the buckets that have one; absent: none of them. */
  readonly accessLog?: AccessLog | undefined;
}

/** S3 takes 8 KB of headers of which 2 KB are metadata; presigned URLs are long. */
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT = 20_000;
/** Longer than the clients keep theirs, so that it is they who close. */
const KEEP_ALIVE_TIMEOUT = 65_000;

/** The last of each connection. */
const answers = new WeakMap<Socket, Promise<void>>();

/** The S3 API over HTTP. Not listening yet. */
export function createS3Gateway(options: S3GatewayOptions): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: 0, // uploads take as long as they move; the idle timeout ends those that do not
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    noDelay: true,
  });
  server.timeout = IDLE_TIMEOUT;
  server.on('timeout', endUnlessWorking);
  const isClosing = () => !server.listening;
  const serve = (expectsContinue: boolean) => (req: IncomingMessage, res: ServerResponse) => {
    const exchange = new Exchange(req, res, { expectsContinue, isClosing });
    const before = answers.get(req.socket);
    // Who sends a request before the answer to the last may mean what that one leaves (RFC 9112 section 9.3.2).
    const isNext = before === undefined || res.socket !== null;
    const done = isNext ? answer(exchange, options) : before.then(() => answer(exchange, options));
    answers.set(req.socket, done);
  };
  server.on('request', serve(false));
  server.on('checkContinue', serve(true));
  server.on('checkExpectation', serve(false)); // one that nobody knows is none, as for S3 (RFC 9110 section 10.1.1 lets it be refused)
  return server;
}

async function answer(exchange: Exchange, options: S3GatewayOptions): Promise<void> {
  const { req, id } = exchange;
  const { store, log, requestLogging = 'off', accessLog } = options;
  const outcome: RequestOutcome = { operation: 'unknown' };
  try {
    const target = parseTarget(req.url ?? '/', exchange.headers.get('host') ?? '', options.hosts);
    const bucket = store.bucket(target.bucket);
    outcome.target = target;
    outcome.found = bucket;
    outcome.bucket = target.bucket;
    outcome.key = target.key;
    if (req.method === 'OPTIONS') {
      outcome.operation = 'Preflight';
      await exchange.send({ status: 200, headers: preflightHeaders(exchange.headers, bucket) });
    } else {
      exchange.corsHeaders = corsHeaders(exchange.headers, req.method ?? 'GET', bucket);
      const prepared = await prepare(exchange, { target, outcome }, options);
      outcome.aclRequired = prepared.request.access.aclRequired;
      outcome.response = await perform(prepared, options);
      await exchange.send(outcome.response);
    }
  } catch (cause) {
    const error = HoldfastError.from(cause);
    const clientLeft = req.destroyed && !req.complete;
    const { code, status } = s3ErrorCode(error);
    outcome.errorCode = code;
    const isOurs = status >= 500 && error.kind !== 'not-implemented';
    if (isOurs && !clientLeft) log.error({ id, operation: outcome.operation, err: error }, error.message);
    const tellsRegion = status === 403 && outcome.operation === headBucket.name;
    const headers: S3Response['headers'] = tellsRegion ? { [BUCKET_REGION]: options.region } : {};
    await exchange
      .send(errorResponse(error, exchange, headers))
      .catch((err) => log.debug({ id, err }, 'no answer sent'));
  } finally {
    logRequest(log, exchange, { outcome, logging: requestLogging });
    if (accessLog) recordAccess(exchange, outcome, { accessLog, store });
  }
}

/** What only the object could allow tells only those who may list it whether it is there, and is not answered unasked. */
export async function perform({ operation, request }: Prepared, options: S3Context): Promise<S3Response> {
  const { access } = request;
  const onlyByObject = access.undecided;
  try {
    const response = await operation.handle(request, options);
    if (!access.undecided) return response;
    response.release?.();
  } catch (error) {
    const { kind } = HoldfastError.from(error);
    const tellsOfObject = kind === 'not-found' || (access.undecided && (kind === 'invalid' || kind === 'forbidden'));
    if (!onlyByObject || !tellsOfObject || (kind === 'not-found' && (await access.mayMiss(request)))) throw error;
  }
  throw accessErrors.denied('Access Denied');
}

interface Prepared {
  readonly operation: Operation;
  readonly request: S3Request;
}

interface Asked {
  readonly target: RequestTarget;
  readonly outcome: RequestOutcome;
}

/** Who asks, for what, and whether they may: nothing of the body is read before that. */
async function prepare(exchange: Exchange, asked: Asked, options: S3GatewayOptions): Promise<Prepared> {
  const { req, headers } = exchange;
  const { target, outcome } = asked;
  const method = req.method ?? 'GET';
  if (isFormUpload(method, target, headers)) return prepareForm(exchange, asked, options);
  const authentication = options.authenticate({ method, path: target.path, query: target.query, headers });
  outcome.identity = authentication.identity;
  const routed = {
    method,
    bucket: target.bucket,
    key: target.key,
    query: new Map(target.query),
    headers: effectiveHeaders(headers, target, authentication),
  };
  const { payload } = authentication;
  const operation = findOperation(routed);
  outcome.operation = operation.name;
  refuseMoment(operation, routed.headers);
  return admit(exchange, options, {
    operation,
    routed,
    authentication,
    body: async (options) => receiveBody(await exchange.body(), { headers, payload, ...options }),
  });
}

/** Of a form the fields must be read to know that; of its file nothing is. */
async function prepareForm(
  exchange: Exchange,
  { target, outcome }: Asked,
  options: S3GatewayOptions,
): Promise<Prepared> {
  const { headers } = exchange;
  const { authenticateForm } = options;
  outcome.operation = postObject.name;
  const body = piecesOf(await exchange.body());
  const form = await receiveForm({ target, headers, body, authenticateForm, now: Date.now() });
  Object.assign(outcome, { identity: form.authentication.identity, key: form.routed.key });
  refuseMoment(postObject, form.routed.headers);
  return admit(exchange, options, { operation: postObject, ...form });
}

interface Authenticated {
  readonly operation: Operation;
  readonly routed: RoutedRequest;
  readonly authentication: Authentication;
  readonly body: S3Request['body'];
}

async function admit(
  { req }: Exchange,
  { store }: S3GatewayOptions,
  { operation, routed, authentication, body }: Authenticated,
): Promise<Prepared> {
  checkExpectedOwners(routed.headers);
  const { identity } = authentication;
  const { remoteAddress = '' } = req.socket;
  const secure = 'encrypted' in req.socket;
  const source = {
    ...routed,
    operation: operation.name,
    authentication,
    sourceIp: remoteAddress,
    secure,
    now: Date.now(),
  };
  const context = requestContext(source);
  const access = accessTo(store, { identity, context });
  await access.operation(operation, routed);
  const request: S3Request = {
    ...routed,
    identity,
    body,
    access,
  };
  return { operation, request };
}

/** Our own may stand in any query: for clients that cannot set headers. */
const OURS = /^x-holdfast-/i;
/** But what a presigned URL always has, which authentication has read. */
const OF_S3_OR_OURS =
  /^x-(?:holdfast-|amz-(?!checksum-|sdk-|(?:algorithm|credential|date|expires|signature|signedheaders)$))/i;

/**
 * Presigned URLs carry signed headers in the query (`x-amz-meta-…`, `x-amz-copy-source`).
 * Checksums are left out: SDKs put there the checksum of the empty body that they signed the URL with.
 */
function effectiveHeaders(
  headers: ReadonlyMap<string, string>,
  { query }: RequestTarget,
  { mechanism }: Authentication,
): ReadonlyMap<string, string> {
  const isHoisted = mechanism === 'query' ? OF_S3_OR_OURS : OURS;
  const hoisted = query.filter(([name]) => isHoisted.test(name)).map(asHeader);
  return hoisted.length === 0 ? headers : new Map([...hoisted, ...headers]);
}

function asHeader([parameter, text]: readonly [string, string]): [string, string] {
  const name = parameter.toLowerCase();
  const value = Buffer.from(text).toString('latin1');
  if (HEADER_NAME.test(name) && HEADER_VALUE.test(value)) return [name, value];
  throw s3Errors.invalidArgument('a query parameter that stands for a header is not one');
}

/** RFC 9110 section 5.5: what came in a header is so already, what comes in a query can be anything. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function errorResponse(error: HoldfastError, { id, req }: Exchange, more: S3Response['headers']): S3Response {
  const { code, status } = s3ErrorCode(error);
  const resource = (req.url ?? '/').split('?')[0];
  const content = { Code: code, Message: publicMessage(error), Resource: resource, RequestId: id, HostId: id };
  const body = buildXml('Error', content, '');
  const headers = error instanceof S3Failure ? error.headers : {};
  return { status, headers: { 'content-type': 'application/xml', ...more, ...headers }, body };
}

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StorageConfig } from './config.ts';
import type { CustomerKey } from './customer-key.ts';
import { invalidArgument, networkError, StorageError, timeoutError } from './errors.ts';
import { checkedHeaders } from './header-values.ts';
import { momentFields } from './moment.ts';
import { canonicalQuery, encodePath, presignQuery, type SignableRequest, sha256, signHeaders } from './sigv4.ts';
import { text } from './xml.ts';

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Absent: the bucket itself. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /**
   * The request means something else when an earlier copy of it has been carried
   * out (`If-None-Match: *`): it is sent again only where it surely was not.
   */
  readonly once?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the body handed to the network so far, in this attempt. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const REFUSED_BEFORE_WORK = new Set([429, 503]);
const PASSING_STATUS = new Set([408, 429, 500, 502, 503, 504]);
const PASSING_CODES = new Set([
  'RequestTimeout',
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'OperationAborted',
]);
const NEVER_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** The whole answer is an error; one within a list, as of DeleteObjects, is for who has asked. */
const FAILURE = /^\s*(<\?xml[^>]*>\s*)?<Error[\s>]/;
const ERROR_BODY_LIMIT = 64 * 1024;
const WRITE_SIZE = 64 * 1024;

/** Signed requests to one bucket, sent again with back-off when that can help. */
export class S3Client {
  readonly #config: StorageConfig;
  readonly #agent: HttpAgent;

  constructor(config: StorageConfig) {
    this.#config = config;
    this.#agent =
      config.endpoint.protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  get endpoint(): string {
    return this.#config.endpoint.origin;
  }

  /** Of the objects that are written and read: the headers for it are the request's to send. */
  get customerKey(): CustomerKey | undefined {
    return this.#config.customerKey;
  }

  get retries(): number {
    return this.#config.retries;
  }

  /** Resolves at the answer's head; the body is the caller's to read or destroy. @throws StorageError unless the status is 2xx */
  async open(request: S3Request): Promise<IncomingMessage> {
    return this.#retrying(request, () => this.#attempt(request));
  }

  /** The whole answer as text. */
  async send(request: S3Request): Promise<S3Answer> {
    return this.#retrying(request, async () => {
      const response = await this.#attempt(request);
      const body = await this.#readText(response);
      // CopyObject and CompleteMultipartUpload may fail after the status line has been sent (S3 API reference).
      if (FAILURE.test(body) && text(body, 'Code') !== undefined) throw toError(request, response, body);
      return { status: response.statusCode ?? 0, headers: response.headers, text: body };
    });
  }

  /** Works without the network; `expiresIn` in seconds. @throws StorageError `InvalidArgument` under a customer's key, which no URL may hold */
  presign(
    method: S3Request['method'],
    key: string,
    options: { expiresIn: number; headers?: Record<string, string>; query?: Record<string, string> },
  ): string {
    const { publicEndpoint, credentials, region } = this.#config;
    this.#refuseKey();
    const { headers = {} } = options;
    const parameters = { ...options.query, ...momentFields(this.#config.moment) };
    const target = this.#address({ method, key, headers, query: parameters }, publicEndpoint);
    const query = presignQuery(target, options.expiresIn, { credentials, region, date: new Date() });
    return `${publicEndpoint.protocol}//${target.host}${target.path}?${query}`;
  }

  /** @throws as `presign` */
  plainUrl(key: string): string {
    const { publicEndpoint } = this.#config;
    this.#refuseKey();
    const target = this.#address({ method: 'GET', key }, publicEndpoint);
    return `${publicEndpoint.protocol}//${target.host}${target.path}`;
  }

  #refuseKey(): void {
    if (this.#config.customerKey)
      throw invalidArgument("a URL gives nobody a customer's key: use a storage without one");
  }

  async #retrying<T>(request: S3Request, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; ) {
      try {
        return await attempt();
      } catch (error) {
        request.signal?.throwIfAborted();
        failures += 1;
        if (failures > this.#config.retries || !mayRepeat(error, request)) throw error;
      }
      await this.backOff(failures, request.signal);
    }
  }

  /** 200, 400, 800 … ms, half of it at random, so that many clients do not come back together. */
  async backOff(failures: number, signal?: AbortSignal): Promise<void> {
    const delay = Math.min(10_000, 100 * 2 ** failures);
    await sleep(delay / 2 + (Math.random() * delay) / 2, undefined, signal === undefined ? {} : { signal }).catch(
      () => {
        signal?.throwIfAborted();
      },
    );
  }

  async #attempt(request: S3Request): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    const response = await this.#exchange(request);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    // Also that of HEAD, which has no bytes: an answer that is not read to its end keeps its connection, and the process.
    throw toError(request, response, await this.#readText(response, ERROR_BODY_LIMIT));
  }

  #exchange(request: S3Request): Promise<IncomingMessage> {
    const { endpoint, credentials, region, timeoutMs } = this.#config;
    const headers = checkedHeaders({ ...request.headers, ...momentFields(this.#config.moment) });
    const target = this.#address({ ...request, headers }, endpoint);
    const body = request.body ?? new Uint8Array();
    const query = canonicalQuery(target.query);
    const options = {
      method: request.method,
      protocol: endpoint.protocol,
      hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
      ...(endpoint.port === '' ? {} : { port: endpoint.port }),
      path: query === '' ? target.path : `${target.path}?${query}`,
      headers: {
        ...signHeaders(target, sha256(body), { credentials, region, date: new Date() }),
        'content-length': String(body.length),
      },
      // A kept connection may turn out closed after the request has left, which would leave a `once` request undecided.
      agent: request.once === true ? false : this.#agent,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    } as const;
    const send = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = send(options, resolve);
      outgoing.setTimeout(timeoutMs, () => outgoing.destroy(timeoutError(endpoint.origin, timeoutMs)));
      outgoing.on('error', (error) => reject(this.#wrap(error)));
      writeBody(outgoing, body, request.onSent);
    });
  }

  #address(request: S3Request, endpoint: URL): SignableRequest {
    const { bucket, virtualHosted } = this.#config;
    const base = endpoint.pathname.replace(/\/+$/, '');
    const inBucket = request.key === undefined ? '' : `/${encodePath(request.key)}`;
    return {
      method: request.method,
      host: virtualHosted ? `${bucket}.${endpoint.host}` : endpoint.host,
      path: virtualHosted ? `${base}${inBucket || '/'}` : `${base}/${encodePath(bucket)}${inBucket}`,
      query: request.query ?? {},
      headers: request.headers ?? {},
    };
  }

  async #readText(response: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<string> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        if (length > limit) break;
      }
    } catch (error) {
      throw this.#wrap(error);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #wrap(error: unknown): StorageError {
    return error instanceof StorageError ? error : networkError(error, this.#config.endpoint.origin);
  }
}

function writeBody(outgoing: ClientRequest, body: Uint8Array, onSent: S3Request['onSent']): void {
  if (onSent === undefined || body.length === 0) {
    outgoing.end(body);
    return;
  }
  // Errors of the request itself arrive at its 'error' event.
  pipeline(Readable.from(slices(body, onSent), { objectMode: false, highWaterMark: WRITE_SIZE }), outgoing, () => {});
}

function* slices(body: Uint8Array, onSent: (bytes: number) => void): Generator<Uint8Array> {
  for (let offset = 0; offset < body.length; offset += WRITE_SIZE) {
    yield body.subarray(offset, offset + WRITE_SIZE);
    onSent(Math.min(offset + WRITE_SIZE, body.length));
  }
}

function mayRepeat(error: unknown, request: S3Request): boolean {
  if (!(error instanceof StorageError) || !error.retryable) return false;
  if (request.once !== true) return true;
  if (error.status !== undefined) return REFUSED_BEFORE_WORK.has(error.status);
  return NEVER_CONNECTED.has((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function toError(request: S3Request, response: IncomingMessage, body: string): StorageError {
  const status = response.statusCode ?? 0;
  const code = text(body, 'Code') ?? CODE_OF_STATUS[status] ?? `Http${status}`;
  const what = request.key === undefined ? 'the bucket' : `"${request.key}"`;
  const requestId = response.headers['x-amz-request-id'];
  const reason = text(body, 'Message');
  return new StorageError({
    code,
    status,
    reason,
    message: `${request.method} ${what}: ${reason ?? `the object store answered ${status}`} (${code})`,
    retryable: PASSING_STATUS.has(status) || PASSING_CODES.has(code),
    requestId: typeof requestId === 'string' ? requestId : undefined,
  });
}

/** For answers without a body (HEAD, proxies in between). */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  304: 'NotModified',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  503: 'ServiceUnavailable',
};

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pooledRandomBytes } from '../../core/random-pool.ts';
import type { Body } from '../store/body.ts';
import { receiveBlocks } from './body/received-blocks.ts';
import type { S3Response } from './operation.ts';
import { sendResponse } from './response.ts';

/** A connection on which nothing moves, in either direction. */
export const IDLE_TIMEOUT = 120_000;

/** Such a body mostly is there with its head: an iterator of the stream would cost more than all else about it. */
const SMALL_BODY_BYTES = 64 * 1024;

/** What is read of an upload after it was refused; beyond that the connection is cut. */
const REST_LIMIT_BYTES = 64 * 1024 * 1024;
const REST_LIMIT_MS = 10_000;

/** Of requests that wait for the store and not for their client: a long copy inside the store moves nothing on the wire. */
const working = new WeakSet<Socket>();

/** The idle timeout is for clients. */
export function endUnlessWorking(socket: Socket): void {
  if (working.has(socket)) socket.setTimeout(IDLE_TIMEOUT);
  else socket.destroy();
}

interface ExchangeOptions {
  readonly expectsContinue: boolean;
  /** The server takes no more connections, and this one ends with its answer. */
  readonly isClosing: () => boolean;
}

/** One request and its answer on the wire. */
export class Exchange {
  readonly id = pooledRandomBytes(8).toString('hex').toUpperCase();
  readonly startedAt = performance.now();
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly headers: ReadonlyMap<string, string>;
  /** Expect: 100-continue, not answered yet (RFC 9110 section 10.1.1). */
  #awaitsContinue: boolean;
  readonly #isClosing: () => boolean;
  #receivedAt = this.startedAt;
  #answeredAt: number | undefined;
  #bytesIn = 0;
  #bytesOut = 0;
  /** On every answer, whatever it is. */
  corsHeaders: Readonly<Record<string, string>> = {};

  constructor(req: IncomingMessage, res: ServerResponse, { expectsContinue, isClosing }: ExchangeOptions) {
    this.req = req;
    this.res = res;
    this.headers = headerMap(req.rawHeaders);
    this.#awaitsContinue = expectsContinue;
    this.#isClosing = isClosing;
    this.#expectClient(false);
  }

  /** Of the body that were read, as they came. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Of the answer's body. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** `undefined` while nothing is said to the client. */
  get status(): number | undefined {
    return this.res.headersSent ? this.res.statusCode : undefined;
  }

  /** From the last byte that was read of the request to the answer. */
  get turnAroundMs(): number | undefined {
    return this.#answeredAt === undefined ? undefined : this.#answeredAt - this.#receivedAt;
  }

  /** A small one when it is there; of another, the client is told to send it when the first byte is read. */
  async body(): Promise<Body> {
    if (!this.#isSmall()) return this.#pieces();
    this.#letClientSend();
    const bytes = await wholeBody(this.req);
    this.#bytesIn += bytes.length;
    this.#received();
    return bytes;
  }

  #letClientSend(): void {
    if (this.#awaitsContinue) this.res.writeContinue();
    this.#awaitsContinue = false;
    this.#expectClient(true);
  }

  #isSmall(): boolean {
    return (this.#size() ?? Number.NaN) <= SMALL_BODY_BYTES;
  }

  #size(): number | undefined {
    const length = this.headers.get('content-length');
    return length === undefined ? undefined : Number(length);
  }

  /** A reader that stops early leaves the connection for the answer that says why. */
  async *#pieces(): AsyncGenerator<Uint8Array> {
    this.#letClientSend();
    for await (const bytes of receiveBlocks(this.req, this.#size())) {
      this.#bytesIn += bytes.length;
      yield bytes;
    }
    this.#received();
  }

  #received(): void {
    this.#receivedAt = performance.now();
    this.#expectClient(false);
  }

  send(response: S3Response): Promise<void> {
    this.#answeredAt = performance.now();
    this.#expectClient(true);
    // A client that was not told to continue may or may not send its body: the connection cannot be used again.
    const isLast = this.#awaitsContinue || this.#isClosing();
    const connection: Record<string, string> = isLast ? { connection: 'close' } : {};
    const headers = {
      ...response.headers,
      ...this.corsHeaders,
      ...connection,
      'x-amz-request-id': this.id,
      'x-amz-id-2': this.id,
      server: 'Holdfast',
    };
    return sendResponse(this.res, {
      ...response,
      headers,
      bodiless: this.req.method === 'HEAD',
      onSent: (bytes) => {
        this.#bytesOut += bytes;
      },
      beforeEnd: isLast || this.req.complete ? undefined : () => this.#takeRest(),
    });
  }

  /**
   * Takes what an upload that was refused half-way still sends: a connection that
   * closed meanwhile would fail the client's write before it has read why.
   */
  async #takeRest(): Promise<void> {
    if (this.req.destroyed) return;
    let bytes = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, REST_LIMIT_MS);
    this.req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > REST_LIMIT_BYTES) resolve();
    });
    this.req.once('end', resolve).once('close', resolve);
    await promise;
    clearTimeout(timer);
    if (!this.req.complete) this.res.once('finish', () => this.req.socket.destroySoon());
  }

  #expectClient(expected: boolean): void {
    if (expected) working.delete(this.req.socket);
    else working.add(this.req.socket);
  }
}

/** Rejects when the client leaves. */
function wholeBody(req: IncomingMessage): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  const closed = () => {
    if (!req.readableEnded) reject(req.errored ?? new Error('the client left before its body ended'));
  };
  if (req.destroyed) closed();
  req
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => resolve(joined(chunks)))
    .on('error', reject)
    .on('close', closed);
  return promise;
}

/** Mostly there is one. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return only && chunks.length === 1 ? only : Buffer.concat(chunks);
}

/** From the wire's own list, since `req.headers` drops some of a header's repeated values. */
export function headerMap(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isNodeError } from '../core/errors.ts';
import { bodyInDoubt } from './answers.ts';
import { hasForeignCoding, responseHeaders, trailerFields } from './forwarded-headers.ts';
import { joinTunnel } from './tunnel.ts';
import type { Upstream } from './upstream.ts';

/** What became of one attempt to have a request answered by one upstream. */
export type Outcome =
  /** The client got the backend's answer, whole or cut short, or has left. */
  | { readonly kind: 'ended' }
  /** No connection: the backend knows nothing of the request, and its body is untouched. */
  | { readonly kind: 'undelivered'; readonly error: Error }
  /** The connection broke before any answer; what the backend did with the request is unknown. */
  | { readonly kind: 'lost'; readonly error: Error; readonly reused: boolean }
  /** What came back is not HTTP. */
  | { readonly kind: 'garbled'; readonly error: Error };

export interface Attempt {
  readonly outcome: Promise<Outcome>;
  /** Breaks the connection to the backend: the client has left, or time is up. */
  abort(): void;
}

export interface Message {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  /** Fields for the backend. */
  readonly headers: string[];
  readonly hasBody: boolean;
  /** Whether the client asked to switch protocols. */
  readonly upgrades: boolean;
}

export interface ForwardOptions {
  /** Over a pooled connection, which may turn out to be dead: only for what may be sent again. */
  readonly reuse: boolean;
  readonly connectMs: number;
}

/** Longest head of an answer, bytes. */
const MAX_ANSWER_HEAD = 64 * 1024;

/**
 * Sends a request to an upstream and streams the answer back. The upstream
 * counts it as under way until its connection is done with it.
 */
export function forward(message: Message, upstream: Upstream, { reuse, connectMs }: ForwardOptions): Attempt {
  const { req, res, hasBody } = message;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const outgoing = request({
    host: upstream.host,
    port: upstream.port,
    agent: upstream.agent({ reuse }),
    method: req.method,
    path: message.path,
    headers: message.headers,
    maxHeaderSize: MAX_ANSWER_HEAD,
  });
  outgoing.maxHeadersCount = 0; // bounded by MAX_ANSWER_HEAD; node would drop fields above its count
  upstream.enter();
  let tunnel = false;
  outgoing.on('close', () => {
    if (!tunnel) upstream.leave();
    resolve({ kind: 'ended' });
  });

  let delivered = false;
  whenConnected(outgoing, connectMs, () => {
    delivered = true;
    if (hasBody) sendBody(req, outgoing);
  });
  if (!hasBody) outgoing.end();

  let answered = false;
  outgoing.on('error', (error) => {
    if (answered) return; // the answer ends, or is cut short, by itself
    if (!delivered) resolve({ kind: 'undelivered', error });
    else if (isBroken(error)) resolve({ kind: 'lost', error, reused: outgoing.reusedSocket });
    else resolve({ kind: 'garbled', error });
  });
  /** What throws here was caused by what the backend sent; uncaught, it would end the edge. */
  const guarded = (pass: () => void) => {
    try {
      pass();
    } catch (error) {
      resolve({ kind: 'garbled', error: error as Error });
      outgoing.destroy();
    }
  };
  outgoing.on('information', ({ statusCode, rawHeaders }) => {
    // A client of HTTP/1.0 knows no interim answers (RFC 9110 section 15.2).
    if (req.httpVersionMinor > 0) guarded(() => res.writeInformation(statusCode, responseHeaders(rawHeaders)));
  });
  outgoing.on('response', (answer) => {
    answered = true;
    guarded(() => sendAnswer(answer, message));
  });
  const join = (answer: IncomingMessage, socket: Socket, head: Buffer) => {
    answered = true;
    tunnel = true; // it is under way for as long as its connection
    socket.once('close', () => upstream.leave());
    joinTunnel({ res, answer, backend: socket, head });
  };
  // Without a listener, node ends a connection that switches unasked.
  if (message.upgrades) outgoing.on('upgrade', join);
  return { outcome: promise, abort: () => outgoing.destroy() };
}

function whenConnected(outgoing: ClientRequest, connectMs: number, connected: () => void): void {
  outgoing.on('socket', (socket) => {
    if (!socket.connecting) return connected();
    const timer = setTimeout(() => outgoing.destroy(new Error(`no connection in ${connectMs} ms`)), connectMs);
    outgoing.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      connected();
    });
  });
}

/** The client's body is first touched here, once there is a connection to carry it. */
function sendBody(req: IncomingMessage, outgoing: ClientRequest): void {
  req.once('end', () => outgoing.addTrailers(trailerFields(req.rawTrailers)));
  req.pipe(outgoing);
  // The head must not wait for the first byte of the body: with `Expect: 100-continue` that waits for the backend.
  setImmediate(() => outgoing.flushHeaders());
  // Nobody takes the rest of it: discard, so that the client comes to read the answer.
  outgoing.once('close', () => req.resume());
}

function sendAnswer(answer: IncomingMessage, { req, res }: Message): void {
  if (answer.statusCode === 101) throw new Error('the backend switched protocols unasked');
  if (hasForeignCoding(answer.rawHeaders)) throw new Error('the answer has a transfer coding other than chunked');
  if (bodyInDoubt(req)) res.shouldKeepAlive = false;
  res.writeHead(answer.statusCode as number, answer.statusMessage, responseHeaders(answer.rawHeaders));
  // Together with the first bytes of the body when these are there already, else at once.
  setImmediate(() => res.flushHeaders());
  // pipe() does the same at the price of a dozen listeners an answer, which small answers feel.
  answer.on('data', (chunk: Buffer) => {
    if (res.write(chunk)) return;
    answer.pause();
    res.once('drain', () => answer.resume());
  });
  answer.on('end', () => {
    if (answer.rawTrailers.length > 0) res.addTrailers(trailerFields(answer.rawTrailers));
    res.end();
  });
  answer.on('error', () => {}); // comes with 'close'
  answer.on('close', () => {
    if (!answer.complete) res.destroy(); // the client must see that its answer is cut short
  });
}

function isBroken(error: Error): boolean {
  return isNodeError(error) && ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'].includes(error.code ?? '');
}

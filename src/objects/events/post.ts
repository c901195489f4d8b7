import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { HoldfastError } from '../../core/errors.ts';
import type { TargetAddress, TargetAddresses } from './target-addresses.ts';

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal | undefined;
}

export type Outcome =
  | { readonly delivered: true; readonly status: number }
  | { readonly delivered: false; readonly error: string };

/** Sends once; every failure is an outcome. */
export type Poster = (post: Post) => Promise<Outcome>;

interface PosterOptions {
  readonly targets: TargetAddresses;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const IDLE_SOCKETS = 4;
/** What is read of an answer: enough to use the connection again, and to say what went wrong. */
const MAX_ANSWER_BYTES = 16 * 2 ** 10;
const SHOWN_ANSWER_LENGTH = 200;

/** POSTs to addresses that were checked, and to no other: the connection looks up nothing. Redirects are not followed. */
export function createPoster({ targets, timeoutMs = TIMEOUT_MS }: PosterOptions): Poster & { close(): void } {
  const options = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
  const post: Poster = async (post) => {
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(post.signal ? [post.signal] : [])]);
    try {
      const url = new URL(post.url);
      const answer = targets.of(url).then((addresses) => send(url, { ...post, signal, addresses, agents }));
      return await outcomeOf(await unlessAborted(answer, signal));
    } catch (error) {
      return { delivered: false, error: reasonOf(error, timeoutMs) };
    }
  };
  return Object.assign(post, {
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  });
}

/** A look-up of a name cannot be broken off: nobody waits for it any longer. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

interface Sending extends Post {
  readonly signal: AbortSignal;
  readonly addresses: readonly TargetAddress[];
  readonly agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent };
}

function send(url: URL, { headers, body, signal, addresses, agents }: Sending): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const bytes = Buffer.from(body);
  const [request, agent] =
    url.protocol === 'https:' ? [httpsRequest, agents['https:']] : [httpRequest, agents['http:']];
  const req = request(url, {
    method: 'POST',
    agent,
    signal,
    lookup: answering(addresses),
    headers: {
      'content-type': 'application/json',
      'content-length': bytes.length,
      'user-agent': 'Holdfast-Events/1',
      ...headers,
    },
  });
  req.once('response', resolve).once('upgrade', upgraded(reject)).on('error', reject).end(bytes);
  return promise;
}

/** Nobody asked for it. Without a listener the request would end in no event at all, its abort in none either. */
function upgraded(reject: (error: Error) => void) {
  return ({ statusCode }: IncomingMessage, socket: Duplex): void => {
    socket.destroy();
    reject(new Error(`${statusCode}: other protocols are not spoken`));
  };
}

/** Says what was found out before, whatever it is asked. */
function answering(addresses: readonly TargetAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses;
    if (options.all || !first) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

async function outcomeOf(response: IncomingMessage): Promise<Outcome> {
  const { statusCode: status = 0 } = response;
  const text = await beginning(response);
  if (status >= 200 && status < 300) return { delivered: true, status };
  if (status >= 300 && status < 400) return { delivered: false, error: `${status}: redirects are not followed` };
  return { delivered: false, error: text ? `${status}: ${text}` : `${status}` };
}

/** The answer is in its status: a body that breaks off, or does not end, changes nothing. */
async function beginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) break;
    }
  } catch {
    response.destroy();
  }
  return Buffer.concat(chunks).toString().replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN_ANSWER_LENGTH);
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer in ${timeoutMs} ms`;
  const { message, cause } = HoldfastError.from(error);
  if (cause instanceof AggregateError) return cause.errors.map(String).join(', ') || message;
  return message;
}

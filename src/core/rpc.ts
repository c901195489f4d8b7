import { createServer, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type ErrorDetails, HoldfastError } from './errors.ts';
import { listenForEquals, otherCode, shakeHands } from './handshake.ts';

/**
 * Calls between the roles of one platform, over a Unix socket that only the
 * platform's own user can open: POST /<method>, one JSON value in, one out.
 * A HoldfastError crosses with its code, kind and hint. Each call has its own
 * connection, which begins with the handshake.
 */

// biome-ignore lint/suspicious/noExplicitAny: methods of any shape, as long as they take at most one JSON value
export type RpcMethods<T> = { readonly [K in keyof T]: (input: any) => Promise<unknown> };

export interface RpcServer {
  close(): Promise<void>;
}

/** Longest request taken, bytes. */
const MAX_BODY = 16 * 1024 * 1024;

export interface RpcServerOptions<T> {
  readonly socketPath: string;
  /** A plain object of async functions (not a class instance: inherited names are not reachable). */
  readonly methods: T;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** As `onOther` of `EqualsListener`. */
  readonly onOther?: (() => void) | undefined;
}

export async function serveRpc<T extends RpcMethods<T>>(options: RpcServerOptions<T>): Promise<RpcServer> {
  const { methods, ...listener } = options;
  const server = createServer(async (req, res) => {
    const reply = (status: number, value: unknown) => {
      const body = Buffer.from(JSON.stringify(value ?? null));
      res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    };
    try {
      const name = (req.url ?? '/').slice(1);
      if (req.method !== 'POST' || !Object.hasOwn(methods, name)) {
        throw new HoldfastError({ code: 'rpc.unknown', kind: 'not-found', message: `no method "${name}"` });
      }
      const method = methods[name as keyof T];
      reply(200, await method(JSON.parse(await readBody(req))));
    } catch (error) {
      reply(500, HoldfastError.from(error));
    }
  });
  return await listenForEquals({ ...listener, onEqual: (socket) => server.emit('connection', socket) });
}

export interface RpcClientOptions {
  readonly socketPath: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** Who calls, and who is called, for errors. */
  readonly role: string;
  readonly peer: string;
  readonly timeoutMs?: number | undefined;
  /** The first of the calls that are refused with `role.other-code`, and the first after one that was not. */
  readonly onOtherCode?: ((error: HoldfastError) => void) | undefined;
}

/**
 * A client with the methods of `T`. A role that is not up gives `rpc.unreachable`, one that runs other code
 * `role.other-code` (both of kind `unavailable`, retryable); that one has not seen the call.
 */
export function connectRpc<T extends RpcMethods<T>>(options: RpcClientOptions): T {
  let isEqual = true;
  const call = async (method: string, input: unknown) => {
    const socket = await dial(method, options);
    if (socket) {
      isEqual = true;
      return await exchange(socket, method, input);
    }
    const error = otherCode(options);
    if (isEqual) options.onOtherCode?.(error);
    isEqual = false;
    throw error;
  };
  return new Proxy({} as T, {
    get: (_target, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (input: unknown) => call(name, input);
    },
  });
}

/** `undefined`: the peer runs other code. @throws HoldfastError `rpc.unreachable` */
async function dial(method: string, options: RpcClientOptions): Promise<Socket | undefined> {
  const { socketPath, code, timeoutMs = 30_000 } = options;
  const socket = connect(socketPath);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)));
  const peer = await shakeHands(socket, code);
  if (peer === 'same-code') return socket;
  socket.destroy();
  if (peer === 'gone') throw unreachable(method, socket.errored ?? new Error('the connection ended'));
  return undefined;
}

async function exchange(socket: Socket, method: string, input: unknown): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const req = request({ createConnection: () => socket, path: `/${method}`, method: 'POST' }, resolve);
  req.once('error', reject);
  req.end(JSON.stringify(input ?? null));
  let status: number | undefined;
  let body: string;
  try {
    const response = await promise;
    status = response.statusCode;
    body = await readBody(response);
  } catch (error) {
    throw unreachable(method, error);
  }
  const value: unknown = JSON.parse(body);
  if (status === 200) return value;
  throw new HoldfastError(value as ErrorDetails);
}

function unreachable(method: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: 'rpc.unreachable',
    kind: 'unavailable',
    message: `${method}: ${cause instanceof Error ? cause.message : cause}`,
    cause,
  });
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error(`a body over ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

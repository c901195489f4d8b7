import { createServer, type IncomingMessage, request } from 'node:http';
import { type ErrorDetails, HoldfastError } from './errors.ts';
import { listenOnSocket } from './listen.ts';

/**
 * Calls between the roles of one platform, over a Unix socket that only the
 * platform's own user can open: POST /<method>, one JSON value in, one out.
 * A HoldfastError crosses with its code, kind and hint.
 */

// biome-ignore lint/suspicious/noExplicitAny: methods of any shape, as long as they take at most one JSON value
export type RpcMethods<T> = { readonly [K in keyof T]: (input: any) => Promise<unknown> };

export interface RpcServer {
  close(): Promise<void>;
}

/** Longest request taken, bytes. */
const MAX_BODY = 16 * 1024 * 1024;

/** `methods` is a plain object of async functions (not a class instance: inherited names are not reachable). */
export async function serveRpc<T extends RpcMethods<T>>(socketPath: string, methods: T): Promise<RpcServer> {
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
  await listenOnSocket(server, socketPath);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * A client with the methods of `T`. A role that is not up gives `rpc.unreachable`
 * (kind `unavailable`, retryable).
 */
export function connectRpc<T extends RpcMethods<T>>(socketPath: string, { timeoutMs = 30_000 } = {}): T {
  return new Proxy({} as T, {
    get: (_target, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (input: unknown) => call(socketPath, name, { input, timeoutMs });
    },
  });
}

async function call(
  socketPath: string,
  method: string,
  { input, timeoutMs }: { readonly input: unknown; readonly timeoutMs: number },
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const req = request({ socketPath, path: `/${method}`, method: 'POST', timeout: timeoutMs }, resolve);
  req.once('error', reject);
  req.once('timeout', () => req.destroy(new Error(`no answer in ${timeoutMs} ms`)));
  req.end(JSON.stringify(input ?? null));
  let status: number | undefined;
  let body: string;
  try {
    const response = await promise;
    status = response.statusCode;
    body = await readBody(response);
  } catch (error) {
    throw new HoldfastError({
      code: 'rpc.unreachable',
      kind: 'unavailable',
      message: `${method}: ${error instanceof Error ? error.message : error}`,
      cause: error,
    });
  }
  const value: unknown = JSON.parse(body);
  if (status === 200) return value;
  throw new HoldfastError(value as ErrorDetails);
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

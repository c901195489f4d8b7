import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeServer, type ListenOptions, listen, retireServer } from '../core/listen.ts';
import { createAuthenticator } from './access/authenticate.ts';
import { createFormAuthenticator } from './access/authenticate-form.ts';
import type { AccessKeys } from './access/valid-key.ts';
import { createS3Gateway, type S3GatewayOptions } from './s3/gateway.ts';

export interface S3ListenerOptions
  extends Omit<S3GatewayOptions, 'authenticate' | 'authenticateForm' | 'hosts'>,
    Pick<ListenOptions, 'host' | 'port' | 'shared'> {
  readonly keys: AccessKeys;
  /** Base hosts of virtual-host style requests. */
  readonly hosts?: readonly string[] | undefined;
  /** How long requests under way may go on after `close`, milliseconds. */
  readonly closeMs?: number | undefined;
}

export interface S3Listener {
  readonly port: number;
  /** Takes no more connections, lets requests under way end for a while, then ends the rest. */
  close(): Promise<void>;
  /** Takes no more connections, and resolves when every client has left: each is told with its next answer. */
  retire(): Promise<void>;
}

const DEFAULT_HOSTS = ['s3.localhost'];
const DEFAULT_CLOSE_MS = 10_000;
const REQUESTS_OF_SHARED_CONNECTION = 500;

/** The S3 API on its port. @throws HoldfastError `port.in-use`, `port.forbidden` */
export async function listenS3(options: S3ListenerOptions): Promise<S3Listener> {
  const { keys, hosts = DEFAULT_HOSTS, closeMs = DEFAULT_CLOSE_MS } = options;
  const server = createS3Gateway({
    ...options,
    authenticate: createAuthenticator(keys),
    authenticateForm: createFormAuthenticator(keys),
    hosts,
  });
  if (options.shared) spreadConnections(server);
  const { port } = await listen(server, { ...options, purpose: 'the S3 API', variable: 'HOLDFAST_S3_PORT' });
  return { port, close: () => closeServer(server, closeMs), retire: () => retireServer(server) };
}

/** The kernel spreads new connections only: old ones end now and then, so that a process started later gets its part. */
function spreadConnections(server: Server): void {
  const requests = new WeakMap<Socket, number>();
  server.prependListener('request', ({ socket }: IncomingMessage, res: ServerResponse) => {
    const count = (requests.get(socket) ?? 0) + 1;
    requests.set(socket, count);
    if (count >= REQUESTS_OF_SHARED_CONNECTION) res.shouldKeepAlive = false;
  });
}

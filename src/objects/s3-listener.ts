import { closeServer, type ListenOptions, listen } from '../core/listen.ts';
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
}

const DEFAULT_HOSTS = ['s3.localhost'];
const DEFAULT_CLOSE_MS = 10_000;

/** The S3 API on its port. @throws HoldfastError `port.in-use`, `port.forbidden` */
export async function listenS3(options: S3ListenerOptions): Promise<S3Listener> {
  const { keys, hosts = DEFAULT_HOSTS, closeMs = DEFAULT_CLOSE_MS } = options;
  const server = createS3Gateway({
    ...options,
    authenticate: createAuthenticator(keys),
    authenticateForm: createFormAuthenticator(keys),
    hosts,
  });
  const { port } = await listen(server, { ...options, purpose: 'the S3 API', variable: 'HOLDFAST_S3_PORT' });
  return { port, close: () => closeServer(server, closeMs) };
}

import type { Logger } from '../core/log.ts';
import { connectObjectStore } from './remote/remote-object-store.ts';
import type { RequestLogging } from './s3/request-log.ts';
import { listenS3, type S3Listener } from './s3-listener.ts';

export interface GatewayRoleOptions {
  /** Of the objects role, which has the store open. */
  readonly storeSocket: string;
  readonly host: string;
  /** Shared with the objects role and the other gateways: the kernel gives each its part of the connections. */
  readonly port: number;
  readonly region: string;
  readonly log: Logger;
  readonly requestLogging?: RequestLogging | undefined;
}

/**
 * One more process that speaks S3, on another core: HTTP, signatures and checksums are its
 * work, and what is stored is for the objects role, the one writer of the store.
 * Resolves when the store is there. @throws HoldfastError `port.in-use`, `port.forbidden`
 */
export async function startGatewayRole({ storeSocket, ...options }: GatewayRoleOptions): Promise<S3Listener> {
  await using starting = new AsyncDisposableStack();
  const store = starting.adopt(await connectObjectStore({ socketPath: storeSocket }), (store) => store.close());
  const { keys, hasWebhook } = store;
  const listener = await listenS3({ ...options, store, keys, hasWebhook, shared: true });
  starting.defer(() => listener.close());
  const running = starting.move();
  return { port: listener.port, close: () => running.disposeAsync() };
}

import type { HoldfastError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { AccessLog } from './access-log/access-log.ts';
import { BodyWriter } from './engine/files/body-writer.ts';
import { readStored } from './engine/files/stored-body.ts';
import { connectObjectStore } from './remote/remote-object-store.ts';
import type { RequestLogging } from './s3/request-log.ts';
import { listenS3, type S3Listener } from './s3-listener.ts';

export interface GatewayRoleOptions {
  /** Of the objects role, which has the store open. */
  readonly storeSocket: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  readonly host: string;
  /** Shared with the objects role and the other gateways: the kernel gives each its part of the connections. */
  readonly port: number;
  readonly region: string;
  readonly log: Logger;
  readonly requestLogging?: RequestLogging | undefined;
  /** How long a line of a bucket's access log waits at most before it is in its target, milliseconds; five minutes unless said. */
  readonly accessLogMs?: number | undefined;
}

export interface GatewayRole extends S3Listener {
  /** Resolves when it can serve no more: the objects role runs other code. */
  readonly failed: Promise<HoldfastError>;
}

/**
 * One more process that speaks S3, on another core: HTTP, signatures and checksums are its
 * work, and what is stored is for the objects role, the one writer of the store.
 * Resolves when the store is there. @throws HoldfastError `port.in-use`, `port.forbidden`, `role.other-code`
 */
export async function startGatewayRole({ storeSocket, code, ...options }: GatewayRoleOptions): Promise<GatewayRole> {
  await using starting = new AsyncDisposableStack();
  const bodies = starting.adopt(new BodyWriter(), (bodies) => bodies.close());
  const connected = await connectObjectStore({
    socketPath: storeSocket,
    code,
    readStored,
    writeDeposit: (...deposit) => bodies.write(...deposit),
  });
  const store = starting.adopt(connected, (store) => store.close());
  const { keys, hasWebhook, failed } = store;
  const accessLog = starting.adopt(new AccessLog({ ...options, store }), (lines) => lines.close());
  const listener = await listenS3({ ...options, store, keys, hasWebhook, accessLog, shared: true });
  starting.defer(() => listener.close());
  const running = starting.move();
  return { ...listener, failed, close: () => running.disposeAsync() };
}

import { join } from 'node:path';
import { closeServer, listen } from '../core/listen.ts';
import type { Logger } from '../core/log.ts';
import { serveRpc } from '../core/rpc.ts';
import { createAuthenticator } from './access/authenticate.ts';
import { KeyStore } from './access/key-store.ts';
import { createObjectAdmin } from './admin.ts';
import type { ObjectStore } from './engine/object-store.ts';
import { openObjectStore } from './engine/open-object-store.ts';
import { createS3Gateway } from './s3/gateway.ts';

export interface ObjectsRoleOptions {
  /** Holds the store and the access keys. */
  readonly directory: string;
  /** Seals the secrets of the access keys. */
  readonly masterKey: Uint8Array;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Unix socket of the `ObjectAdmin` contract. */
  readonly adminSocket: string;
  readonly region: string;
  readonly log: Logger;
  /** Instead of the one in `directory`; closed with the role. */
  readonly store?: ObjectStore | undefined;
  /** Base hosts of virtual-host style requests. */
  readonly hosts?: readonly string[] | undefined;
  /** How long requests under way may go on after `close`, milliseconds. */
  readonly closeMs?: number | undefined;
}

export interface ObjectsRole {
  readonly port: number;
  /** Takes no more connections, lets requests under way end for a while, then ends the rest. */
  close(): Promise<void>;
}

const DEFAULT_HOSTS = ['s3.localhost'];
const DEFAULT_CLOSE_MS = 10_000;

/**
 * The object store as a process of its own: S3 for everyone, `ObjectAdmin` for control.
 * @throws HoldfastError `port.in-use`, `port.forbidden`, `envelope.broken`, and those of `openObjectStore`
 */
export async function startObjectsRole(options: ObjectsRoleOptions): Promise<ObjectsRole> {
  const { directory, masterKey, region, log, hosts = DEFAULT_HOSTS, closeMs = DEFAULT_CLOSE_MS } = options;
  await using starting = new AsyncDisposableStack();
  const opened = options.store ?? (await openObjectStore({ directory: join(directory, 'store') }));
  const store = starting.adopt(opened, (store) => store.close());
  const keys = await KeyStore.open(directory, masterKey);
  const server = createS3Gateway({ store, authenticate: createAuthenticator(keys), region, log, hosts });
  const { port } = await listen(server, { ...options, purpose: 'the S3 API', variable: 'HOLDFAST_S3_PORT' });
  starting.defer(() => closeServer(server, closeMs));
  const rpc = await serveRpc(options.adminSocket, createObjectAdmin(store, keys));
  starting.defer(() => rpc.close());
  log.info({ port, host: options.host }, 'the object store is up');

  const running = starting.move();
  let closed: Promise<void> | undefined;
  return {
    port,
    close: () => {
      closed ??= running.disposeAsync();
      return closed;
    },
  };
}

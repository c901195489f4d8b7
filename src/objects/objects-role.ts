import { join } from 'node:path';
import type { HoldfastError } from '../core/errors.ts';
import { otherCode } from '../core/handshake.ts';
import type { Keyring } from '../core/keyring.ts';
import type { Logger } from '../core/log.ts';
import { serveRpc } from '../core/rpc.ts';
import { KeyStore } from './access/key-store.ts';
import { AccessLog } from './access-log/access-log.ts';
import { createObjectAdmin } from './admin.ts';
import { openObjectStore } from './engine/open-object-store.ts';
import { BucketEvents } from './events/bucket-events.ts';
import { LifecycleWorker } from './lifecycle/lifecycle-worker.ts';
import { StoreServer } from './remote/store-server.ts';
import type { RequestLogging } from './s3/request-log.ts';
import { listenS3 } from './s3-listener.ts';
import { Scrubber } from './scrub/scrubber.ts';
import type { OpenObjectStore } from './store/object-store.ts';
import { Domains } from './website/domains.ts';
import { listenWebsites } from './website/website-listener.ts';

type OnBucketChanged = (name: string) => Promise<void>;

export interface ObjectsRoleOptions {
  /** Holds the store and the access keys. */
  readonly directory: string;
  /** Seals the keys of buckets, the secrets of access keys and of webhooks. */
  readonly keyring: Keyring;
  /** It is known to be that of the data directory. */
  readonly isKeyringConfirmed?: boolean | undefined;
  /** Brings the ring in line with the file that it is from; absent: there is none. */
  readonly refreshKeyring?: (() => Promise<void>) | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  readonly host: string;
  /** Unix socket of the `ObjectAdmin` contract. */
  readonly adminSocket: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** Control runs other code, and is not heard. */
  readonly onOtherCode?: ((error: HoldfastError) => void) | undefined;
  /** Unix socket for gateways in other processes, which share the port; absent: there are none. */
  readonly storeSocket?: string | undefined;
  /** Unix socket at which the edge reaches the buckets as websites; they are none without it. */
  readonly websiteSocket?: string | undefined;
  readonly region: string;
  /** Where webhooks may be besides public addresses: host names, addresses, networks. */
  readonly webhookAllow?: readonly string[] | undefined;
  readonly log: Logger;
  readonly requestLogging?: RequestLogging | undefined;
  /** Opens another one than that in `directory`; closed with the role. */
  readonly openStore?: ((onBucketChanged: OnBucketChanged) => Promise<OpenObjectStore>) | undefined;
  /** Base hosts of virtual-host style requests. */
  readonly hosts?: readonly string[] | undefined;
  /** Between two sweeps of the buckets with lifecycle rules, milliseconds; an hour unless said. */
  readonly lifecycleMs?: number | undefined;
  /** How long a line of a bucket's access log waits at most before it is in its target, milliseconds; five minutes unless said. */
  readonly accessLogMs?: number | undefined;
  /** How long requests under way may go on after `close`, milliseconds. */
  readonly closeMs?: number | undefined;
}

export interface ObjectsRole {
  readonly port: number;
  /** Resolves when it can serve no more: another start of it may. */
  readonly failed?: Promise<HoldfastError>;
  /** Takes no more connections, lets requests under way end for a while, then ends the rest. */
  close(): Promise<void>;
}

const HOUR_MS = 3600_000;

/**
 * The object store as a process of its own: S3 for everyone, `ObjectAdmin` for control.
 * @throws HoldfastError `port.in-use`, `port.forbidden`, `envelope.broken`, and those of `openObjectStore`
 */
export async function startObjectsRole(options: ObjectsRoleOptions): Promise<ObjectsRole> {
  const { directory, keyring, isKeyringConfirmed, refreshKeyring, code, storeSocket, websiteSocket, log } = options;
  const {
    openStore = (onBucketChanged) =>
      openObjectStore({ directory: join(directory, 'store'), keyring, isKeyringConfirmed, onBucketChanged, log }),
  } = options;
  await using starting = new AsyncDisposableStack();
  let gateways: StoreServer | undefined;
  const opened = await openStore(async (name) => gateways?.bucketChanged(name));
  const store = starting.adopt(opened, (store) => store.close());
  const keys = await KeyStore.open(directory, keyring, { log, onChanged: async () => gateways?.keysChanged() });
  const onWebhooksChanged = async () => gateways?.webhooksChanged();
  const events = await BucketEvents.start({ ...options, store, allow: options.webhookAllow, onWebhooksChanged });
  starting.adopt(events, (events) => events.close());
  if (storeSocket !== undefined) {
    const webhooks = () => events.webhooks.all().map(({ name }) => name);
    const served = { store, keys: () => keys.list(), webhooks, socketPath: storeSocket, code, log };
    gateways = await StoreServer.listen(served);
    starting.adopt(gateways, (server) => server.close());
  }
  const hasWebhook = (name: string) => events.webhooks.find(name) !== undefined;
  const accessLog = starting.adopt(new AccessLog({ ...options, store }), (lines) => lines.close());
  const shared = storeSocket !== undefined;
  const { port, close } = await listenS3({ ...options, store, keys, hasWebhook, accessLog, shared });
  starting.defer(close);
  const domains = new Domains(store);
  if (websiteSocket !== undefined) {
    const websites = await listenWebsites({ ...options, store, domains, accessLog, socketPath: websiteSocket });
    starting.defer(() => websites.close());
  }
  const scrubber = starting.adopt(await Scrubber.start({ store, directory, log }), (scrubber) => scrubber.close());
  const intervalMs = options.lifecycleMs ?? HOUR_MS;
  starting.adopt(new LifecycleWorker({ store, log, intervalMs, accessLog }), (worker) => worker.close());
  const methods = createObjectAdmin({ store, keys, domains, scrubber, events, refreshKeyring });
  const onOther = () => options.onOtherCode?.(otherCode({ role: 'objects', peer: 'control' }));
  const rpc = await serveRpc({ socketPath: options.adminSocket, methods, code, onOther });
  starting.defer(() => rpc.close());
  log.info({ port, host: options.host }, 'the object store is up');

  const running = starting.move();
  let closed: Promise<void> | undefined;
  return {
    port,
    ...(store.failed && { failed: store.failed }),
    close: () => {
      closed ??= running.disposeAsync();
      return closed;
    },
  };
}

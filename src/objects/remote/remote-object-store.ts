import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import { backoff } from '../../core/retry.ts';
import type { StoredKey } from '../access/key-file.ts';
import type { AccessKeys } from '../access/valid-key.ts';
import type { Bucket } from '../store/bucket.ts';
import { storeErrors } from '../store/errors/store-errors.ts';
import { heldRead } from '../store/held-read.ts';
import { compareKeys } from '../store/listing.ts';
import type { ObjectRead } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { type BodyCall, type BodyHead, lateHeaders, type PlainCall, plainCalls, type StateChange } from './calls.ts';
import { storeUnreachable } from './errors.ts';
import { StoreConnection } from './store-connection.ts';

const RECONNECT = { initialMs: 50, maxMs: 1000 };

export interface RemoteObjectStoreOptions {
  /** Of the process that has the store open (`StoreServer`). */
  readonly socketPath: string;
}

/** The store of another process, and its access keys. */
export interface RemoteObjectStore extends ObjectStore {
  readonly keys: AccessKeys;
  hasWebhook(name: string): boolean;
}

/**
 * Resolves when the store is there, however long that takes. Whenever its process goes away, everything is
 * refused with `store.unreachable` until it is back: nobody answers by what may have changed meanwhile.
 */
export async function connectObjectStore({ socketPath }: RemoteObjectStoreOptions): Promise<RemoteObjectStore> {
  const link = new Link(socketPath);
  await link.ready;
  return remoteStore(link);
}

function remoteStore(link: Link): RemoteObjectStore {
  const plain = Object.fromEntries(
    plainCalls.map((method) => [method, async (...args: readonly unknown[]) => link.connection.call({ method, args })]),
  ) as unknown as Pick<ObjectStore, PlainCall>;
  const withBody =
    (method: BodyCall) =>
    async <T>({ body, ...head }: BodyHead & { readonly body: AsyncIterable<Uint8Array> }) => {
      const end = () => lateHeaders(head);
      return (await link.connection.callWithBody({ method, args: [head] }, { bytes: body, end })) as T;
    };
  return {
    ...plain,
    put: withBody('put'),
    putPart: withBody('putPart'),
    get encrypts() {
      return link.state().encrypts;
    },
    bucket: (name) => link.state().buckets.get(name),
    buckets: () => [...link.state().buckets.values()].sort((a, b) => compareKeys(a.name, b.name)),
    open: async (...args) => openRemote(link.connection, args),
    keys: { find: (accessKeyId) => link.state().keys.get(accessKeyId) },
    hasWebhook: (name) => link.state().webhooks.has(name),
    close: () => link.close(),
  };
}

async function openRemote(connection: StoreConnection, args: readonly unknown[]): Promise<ObjectRead> {
  const { stream, opened } = await connection.open({ method: 'open', args });
  const { info, bytes } = opened;
  if (bytes) return heldRead(info, bytes);
  let isOpen = true;
  return {
    info,
    body: (range) => connection.read(stream, range),
    release: () => {
      if (isOpen) connection.release(stream);
      isOpen = false;
    },
  };
}

interface State {
  encrypts: boolean;
  readonly buckets: Map<string, Bucket>;
  readonly keys: Map<string, StoredKey>;
  webhooks: ReadonlySet<string>;
}

/** The connection of the moment, and the state that it has told of. */
class Link {
  readonly #socketPath: string;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #firstState = Promise.withResolvers<void>();
  #current: { readonly connection: StoreConnection; readonly state: State } | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#running = this.#run();
  }

  get ready(): Promise<void> {
    return this.#firstState.promise;
  }

  /** @throws HoldfastError `store.unreachable`, `store.closed` */
  get connection(): StoreConnection {
    return this.#connected().connection;
  }

  /** @throws as `connection` */
  state(): State {
    return this.#connected().state;
  }

  #connected() {
    if (this.#closing.signal.aborted) throw storeErrors.closed();
    if (!this.#current) throw storeUnreachable();
    return this.#current;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#current?.connection.end();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      if (await this.#connectOnce()) attempt = 0;
      else await systemClock.sleep(backoff(attempt, RECONNECT), { signal }).catch(() => {}); // closed meanwhile
    }
  }

  /** Resolves when the connection has ended. @returns whether there was one */
  async #connectOnce(): Promise<boolean> {
    const socket = connect(this.#socketPath);
    try {
      await once(socket, 'connect', { signal: this.#closing.signal });
    } catch {
      socket.destroy();
      return false;
    }
    const state: State = { encrypts: false, buckets: new Map(), keys: new Map(), webhooks: new Set() };
    const connection = new StoreConnection(socket, (change) => {
      take(state, change);
      this.#current = { connection, state };
      this.#firstState.resolve();
    });
    await connection.ended;
    this.#current = undefined;
    return true;
  }
}

function take(state: State, change: StateChange): void {
  const { buckets, keys } = state;
  state.encrypts = change.encrypts;
  for (const [name, bucket] of change.buckets) {
    if (bucket) buckets.set(name, bucket);
    else buckets.delete(name);
  }
  if (change.webhooks) state.webhooks = new Set(change.webhooks);
  if (!change.keys) return;
  keys.clear();
  for (const key of change.keys) keys.set(key.accessKeyId, key);
}

import { connect } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import type { HoldfastError } from '../../core/errors.ts';
import { otherCode, type Peer, shakeHands } from '../../core/handshake.ts';
import { backoff } from '../../core/retry.ts';
import type { StoredKey } from '../access/key-file.ts';
import type { AccessKeys } from '../access/valid-key.ts';
import { type Body, piecesOf } from '../store/body.ts';
import type { Bucket } from '../store/bucket.ts';
import { storeErrors } from '../store/errors/store-errors.ts';
import { compareKeys } from '../store/listing.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { type BodyCall, type BodyHead, lateHeaders, type PlainCall, plainCalls, type StateChange } from './calls.ts';
import { storeUnreachable } from './errors.ts';
import { openRemote, type ReadStored } from './remote-read.ts';
import { StoreConnection, type WriteDeposit } from './store-connection.ts';

const RECONNECT = { initialMs: 50, maxMs: 1000 };

export interface RemoteObjectStoreOptions {
  /** Of the process that has the store open (`StoreServer`). */
  readonly socketPath: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** Reads what the store has in files of this machine; without it the store sends the bytes. */
  readonly readStored?: ReadStored | undefined;
  /** Writes what the store is to have in files of this machine; without it the store gets the bytes. */
  readonly writeDeposit?: WriteDeposit | undefined;
}

/** The store of another process, and its access keys. */
export interface RemoteObjectStore extends ObjectStore {
  /** Resolves when the store has come back with other code: it is `store.unreachable` to this process for good. */
  readonly failed: Promise<HoldfastError>;
  readonly keys: AccessKeys;
  hasWebhook(name: string): boolean;
}

/**
 * Resolves when the store is there, however long that takes. Whenever its process goes away, everything is
 * refused with `store.unreachable` until it is back: nobody answers by what may have changed meanwhile.
 * @throws HoldfastError `role.other-code`
 */
export async function connectObjectStore(options: RemoteObjectStoreOptions): Promise<RemoteObjectStore> {
  const link = new Link(options);
  await Promise.race([link.ready, link.failed.then((error) => Promise.reject(error))]);
  return remoteStore(link, options);
}

function remoteStore(link: Link, { readStored, writeDeposit }: RemoteObjectStoreOptions): RemoteObjectStore {
  const plain = Object.fromEntries(
    plainCalls.map((method) => [method, async (...args: readonly unknown[]) => link.connection.call({ method, args })]),
  ) as unknown as Pick<ObjectStore, PlainCall>;
  const withBody =
    (method: BodyCall) =>
    async <T>({ body, ...head }: BodyHead & { readonly body: Body }) => {
      const { connection } = link;
      const call = { method, args: [head] };
      const sent = { bytes: piecesOf(body), size: head.size, end: () => lateHeaders(head) };
      const { depositsAbove = Number.POSITIVE_INFINITY } = link.state();
      const answer =
        writeDeposit && (head.size ?? 0) > depositsAbove
          ? connection.callWithDeposit(call, sent, writeDeposit)
          : connection.callWithBody(call, sent);
      return (await answer) as T;
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
    open: async (...args) => openRemote(link.connection, args, readStored),
    keys: { find: (accessKeyId) => link.state().keys.get(accessKeyId) },
    hasWebhook: (name) => link.state().webhooks.has(name),
    failed: link.failed,
    close: () => link.close(),
  };
}

interface State {
  encrypts: boolean;
  depositsAbove: number | undefined;
  readonly buckets: Map<string, Bucket>;
  readonly keys: Map<string, StoredKey>;
  webhooks: ReadonlySet<string>;
}

/** The connection of the moment, and the state that it has told of. */
class Link {
  readonly #options: RemoteObjectStoreOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  readonly #firstState = Promise.withResolvers<void>();
  readonly #failure = Promise.withResolvers<HoldfastError>();
  #current: { readonly connection: StoreConnection; readonly state: State } | undefined;

  constructor(options: RemoteObjectStoreOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get ready(): Promise<void> {
    return this.#firstState.promise;
  }

  get failed(): Promise<HoldfastError> {
    return this.#failure.promise;
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
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const peer = await this.#connectOnce();
      if (peer === 'other-code') return this.#failure.resolve(otherCode({ role: 'gateway', peer: 'objects' }));
      if (peer === 'same-code') attempt = 0;
      else await systemClock.sleep(backoff(attempt, RECONNECT), { signal }).catch(() => {}); // closed meanwhile
    }
  }

  /** Resolves when the connection has ended. @returns who was there */
  async #connectOnce(): Promise<Peer> {
    const { socketPath, code } = this.#options;
    const socket = connect({ path: socketPath, signal: this.#closing.signal });
    const peer = await shakeHands(socket, code);
    if (peer !== 'same-code') {
      socket.destroy();
      return peer;
    }
    const state: State = {
      encrypts: false,
      depositsAbove: undefined,
      buckets: new Map(),
      keys: new Map(),
      webhooks: new Set(),
    };
    const connection = new StoreConnection(socket, (change) => {
      take(state, change);
      if (!change.isComplete) return;
      this.#current = { connection, state };
      this.#firstState.resolve();
    });
    await connection.ended;
    this.#current = undefined;
    return peer;
  }
}

function take(state: State, change: StateChange): void {
  const { buckets, keys } = state;
  state.encrypts = change.encrypts;
  state.depositsAbove = change.depositsAbove;
  for (const [name, bucket] of change.buckets) {
    if (bucket) buckets.set(name, bucket);
    else buckets.delete(name);
  }
  if (change.webhooks) state.webhooks = new Set(change.webhooks);
  if (!change.keys) return;
  keys.clear();
  for (const key of change.keys) keys.set(key.accessKeyId, key);
}

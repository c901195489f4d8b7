import type { Socket } from 'node:net';
import { listenForEquals } from '../../core/handshake.ts';
import type { Logger } from '../../core/log.ts';
import type { StoredKey } from '../access/key-file.ts';
import { takesDeposits } from '../store/deposit.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { StateChange } from './calls.ts';
import { StoreSession } from './store-session.ts';

export interface StoreServerOptions {
  readonly store: ObjectStore;
  readonly keys: () => readonly StoredKey[];
  /** Names of those that events can be sent to. */
  readonly webhooks: () => readonly string[];
  /** Only the platform's own user can open it: access keys with their secrets cross it. */
  readonly socketPath: string;
  /** That this process runs, as `codeIdentity` names it: gateways of other code are turned away. */
  readonly code: Buffer;
  readonly log: Logger;
}

type Change = Omit<StateChange, 'number' | 'encrypts' | 'depositsAbove'>;

/**
 * Shares a store with gateways in other processes. The process that serves it stays the
 * one writer: every decision is made here, in the order of the journal.
 */
export class StoreServer {
  readonly #options: StoreServerOptions;
  readonly #sessions = new Set<StoreSession>();
  #lastChange = 0;
  #listener: { close(): Promise<void> } | undefined;

  private constructor(options: StoreServerOptions) {
    this.#options = options;
  }

  static async listen(options: StoreServerOptions): Promise<StoreServer> {
    const shared = new StoreServer(options);
    shared.#listener = await listenForEquals({ ...options, onEqual: (socket) => void shared.#serve(socket) });
    return shared;
  }

  /** Resolves when every gateway goes by it: no one answers by an old policy after a new one was acknowledged. */
  async bucketChanged(name: string): Promise<void> {
    await this.#announce({ buckets: [[name, this.#options.store.bucket(name)]] });
  }

  /** As `bucketChanged`, of the access keys. */
  async keysChanged(): Promise<void> {
    await this.#announce({ buckets: [], keys: this.#options.keys() });
  }

  /** As `bucketChanged`, of the webhooks. */
  async webhooksChanged(): Promise<void> {
    await this.#announce({ buckets: [], webhooks: this.#options.webhooks() });
  }

  async #announce(change: Change): Promise<void> {
    const numbered = this.#numbered(change);
    await Promise.all([...this.#sessions].map((session) => session.announce(numbered)));
  }

  #numbered(change: Change): StateChange {
    const { store } = this.#options;
    const depositsAbove = takesDeposits(store) ? store.depositsAbove : undefined;
    return { ...change, number: ++this.#lastChange, encrypts: store.encrypts, depositsAbove };
  }

  async #serve(socket: Socket): Promise<void> {
    const { store, keys, webhooks, log } = this.#options;
    const session = new StoreSession({ socket, store, log });
    this.#sessions.add(session);
    const buckets = store.buckets().map((bucket) => [bucket.name, bucket] as const);
    void session.announce(this.#numbered({ buckets, keys: keys(), webhooks: webhooks() }));
    await session.ended;
    this.#sessions.delete(session);
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}

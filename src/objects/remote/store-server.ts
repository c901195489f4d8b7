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

/** Said at a time to a gateway that has just come: each has to be taken in time, and changes come in between. */
const BUCKETS_AT_ONCE = 16;

type Change = Omit<StateChange, 'number' | 'isComplete' | 'encrypts' | 'depositsAbove'>;

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

  /** A gateway that has not all yet takes it, and waits for what makes it complete. */
  #numbered(change: Change, isComplete = false): StateChange {
    const { store } = this.#options;
    const depositsAbove = takesDeposits(store) ? store.depositsAbove : undefined;
    return { ...change, number: ++this.#lastChange, isComplete, encrypts: store.encrypts, depositsAbove };
  }

  async #serve(socket: Socket): Promise<void> {
    const { store, log } = this.#options;
    const session = new StoreSession({ socket, store, log });
    this.#sessions.add(session);
    void this.#tellAll(session);
    await session.ended;
    this.#sessions.delete(session);
  }

  /** Each bucket as it is when it is said: behind every change of it that was said before. */
  async #tellAll(session: StoreSession): Promise<void> {
    const { store, keys, webhooks } = this.#options;
    const names = store.buckets().map(({ name }) => name);
    for (let at = 0; at < names.length; at += BUCKETS_AT_ONCE) {
      const some = names.slice(at, at + BUCKETS_AT_ONCE);
      await session.announce(this.#numbered({ buckets: some.map((name) => [name, store.bucket(name)]) }));
    }
    await session.announce(this.#numbered({ buckets: [], keys: keys(), webhooks: webhooks() }, true));
  }

  async close(): Promise<void> {
    await this.#listener?.close();
  }
}

import { isHoldfastCode } from '../core/errors.ts';
import type { Keyring } from '../core/keyring.ts';
import type { SecretId, SecretRecord } from './state/secret-store.ts';
import type { State } from './state/state.ts';

export interface SecretInfo {
  readonly name: string;
  readonly version: number;
  readonly updatedAt: number;
}

/** Secrets as values; the only place that seals and unseals them. */
export class SecretVault {
  readonly #state: State;
  readonly #keyring: Keyring;

  constructor(state: State, keyring: Keyring) {
    this.#state = state;
    this.#keyring = keyring;
  }

  /** The newest version of each secret that is set. */
  async list(app: string): Promise<readonly SecretInfo[]> {
    const newest = newestByName(await this.#state.secrets.versions(app));
    return [...newest.values()]
      .filter((record) => record.sealed !== null)
      .map(({ name, version, createdAt }) => ({ name, version, updatedAt: createdAt }));
  }

  /** One new version each; `null` unsets. */
  async set(app: string, values: Readonly<Record<string, string | null>>, now: number): Promise<void> {
    await this.#state.transaction(async ({ secrets }) => {
      const newest = newestByName(await secrets.versions(app));
      await secrets.insert(
        Object.entries(values).map(([name, value]) => {
          const version = (newest.get(name)?.version ?? 0) + 1;
          const sealed = value === null ? null : this.#seal({ app, name, version }, value);
          return { app, name, version, sealed, createdAt: now };
        }),
      );
    });
  }

  /** Values of the versions that a release pins. */
  async reveal(app: string, pinned: Readonly<Record<string, number>>): Promise<Readonly<Record<string, string>>> {
    if (Object.keys(pinned).length === 0) return {};
    const values: Record<string, string> = {};
    for (const record of await this.#state.secrets.versions(app)) {
      if (pinned[record.name] !== record.version || record.sealed === null) continue;
      values[record.name] = this.#unseal(record, record.sealed).toString();
    }
    return values;
  }

  /**
   * Every version by the key that seals now, durable when it resolves. What is damaged stays as it is, and keeps no key
   * from going: none opens it. Gives how many are sealed.
   */
  async reseal(): Promise<number> {
    return await this.#state.transaction(async ({ secrets }) => {
      let count = 0;
      for (const record of await secrets.sealed()) {
        const value = this.#open(record, record.sealed);
        if (value === undefined) continue;
        await secrets.reseal(record, this.#seal(record, value));
        count++;
      }
      return count;
    });
  }

  #open(id: SecretId, sealed: string): string | undefined {
    try {
      return this.#unseal(id, sealed).toString();
    } catch (error) {
      if (isHoldfastCode(error, 'envelope.broken')) return undefined;
      throw error;
    }
  }

  /** @throws HoldfastError `envelope.broken` when no key of the ring has sealed one of them */
  async check(): Promise<void> {
    for (const record of await this.#state.secrets.sealed()) this.#unseal(record, record.sealed);
  }

  #unseal(id: SecretId, sealed: string): Buffer {
    return this.#keyring.unseal(Buffer.from(sealed, 'base64'), context(id));
  }

  #seal(id: SecretId, value: string): string {
    return this.#keyring.seal(Buffer.from(value), context(id)).toString('base64');
  }
}

function newestByName(versions: readonly SecretRecord[]): ReadonlyMap<string, SecretRecord> {
  return new Map(versions.map((record) => [record.name, record])); // oldest first: the last one stays
}

/** Authenticated with the value: a sealed value copied to another secret does not open. */
function context({ app, name, version }: SecretId): string {
  return `secret ${app}/${name} version ${version}`;
}

import { seal, unseal } from '../core/envelope.ts';
import type { SecretRecord } from './state/secret-store.ts';
import type { State } from './state/state.ts';

export interface SecretInfo {
  readonly name: string;
  readonly version: number;
  readonly updatedAt: number;
}

/** Secrets as values; the only place that seals and unseals them. */
export class SecretVault {
  readonly #state: State;
  readonly #masterKey: Uint8Array;

  constructor(state: State, masterKey: Uint8Array) {
    this.#state = state;
    this.#masterKey = masterKey;
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
          return { app, name, version, sealed: this.#seal({ app, name, version }, value), createdAt: now };
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
      const sealed = Buffer.from(record.sealed, 'base64');
      values[record.name] = unseal(this.#masterKey, sealed, context(record)).toString();
    }
    return values;
  }

  #seal(id: Pick<SecretRecord, 'app' | 'name' | 'version'>, value: string | null): string | null {
    return value === null ? null : seal(this.#masterKey, Buffer.from(value), context(id)).toString('base64');
  }
}

function newestByName(versions: readonly SecretRecord[]): ReadonlyMap<string, SecretRecord> {
  return new Map(versions.map((record) => [record.name, record])); // oldest first: the last one stays
}

/** Authenticated with the value: a sealed value copied to another secret does not open. */
function context({ app, name, version }: Pick<SecretRecord, 'app' | 'name' | 'version'>): string {
  return `secret ${app}/${name} version ${version}`;
}

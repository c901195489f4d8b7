import { AppStore } from './app-store.ts';
import { type Database, openDatabase } from './database.ts';
import { DeploymentStore } from './deployment-store.ts';
import { InstanceStore } from './instance-store.ts';
import { JournalStore } from './journal-store.ts';
import { ReleaseStore } from './release-store.ts';
import { SecretStore } from './secret-store.ts';
import { StorageStore } from './storage-store.ts';
import { TokenStore } from './token-store.ts';

/** All that control knows and must not forget. */
export interface State {
  readonly apps: AppStore;
  readonly releases: ReleaseStore;
  readonly deployments: DeploymentStore;
  readonly instances: InstanceStore;
  readonly storage: StorageStore;
  readonly secrets: SecretStore;
  readonly tokens: TokenStore;
  readonly journal: JournalStore;
  /** All of `work` or nothing. `work` uses the state that it is given, not the outer one. */
  transaction<T>(work: (state: State) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `path` may be `:memory:`. One process at a time may have it open (the data directory's lock sees to that). */
export async function openState(path: string): Promise<State> {
  return stateOver(await openDatabase(path));
}

export function stateOver(db: Database): State {
  return {
    apps: new AppStore(db),
    releases: new ReleaseStore(db),
    deployments: new DeploymentStore(db),
    instances: new InstanceStore(db),
    storage: new StorageStore(db),
    secrets: new SecretStore(db),
    tokens: new TokenStore(db),
    journal: new JournalStore(db),
    transaction: (work) => db.transaction().execute((transaction) => work(stateOver(transaction))),
    close: () => db.destroy(),
  };
}

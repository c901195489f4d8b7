import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { SecretsTable } from './schema.ts';

export type SecretRecord = Readonly<Selectable<SecretsTable>>;

/** Sealed values; every change is a new version, so that a release can pin what it started with. */
export class SecretStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All versions of the app's secrets, by name, oldest first. */
  versions(app: string): Promise<readonly SecretRecord[]> {
    return this.#db
      .selectFrom('secrets')
      .selectAll()
      .where('app', '=', app)
      .orderBy('name')
      .orderBy('version')
      .execute();
  }

  async insert(records: readonly SecretRecord[]): Promise<void> {
    if (records.length > 0) await this.#db.insertInto('secrets').values(records).execute();
  }

  async forget(app: string): Promise<void> {
    await this.#db.deleteFrom('secrets').where('app', '=', app).execute();
  }
}

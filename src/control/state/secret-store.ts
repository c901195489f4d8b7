import type { NotNull, Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { SecretsTable } from './schema.ts';

export type SecretRecord = Readonly<Selectable<SecretsTable>>;
export type SecretId = Pick<SecretRecord, 'app' | 'name' | 'version'>;

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

  /** Of all apps, but those that unset one. */
  sealed() {
    return this.#db
      .selectFrom('secrets')
      .selectAll()
      .where('sealed', 'is not', null)
      .$narrowType<{ sealed: NotNull }>()
      .execute();
  }

  /** The same value of the same version, by another key. */
  async reseal({ app, name, version }: SecretId, sealed: string): Promise<void> {
    const query = this.#db.updateTable('secrets').set({ sealed });
    await query.where('app', '=', app).where('name', '=', name).where('version', '=', version).execute();
  }

  async forget(app: string): Promise<void> {
    await this.#db.deleteFrom('secrets').where('app', '=', app).execute();
  }
}

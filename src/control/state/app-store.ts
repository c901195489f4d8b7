import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { AppsTable } from './schema.ts';

export type AppRecord = Readonly<Selectable<AppsTable>>;

/** The apps that there are, and the counts that `scale` asked for. */
export class AppStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Promise<readonly AppRecord[]> {
    return this.#db.selectFrom('apps').selectAll().orderBy('name').execute();
  }

  get(name: string): Promise<AppRecord | undefined> {
    return this.#db.selectFrom('apps').selectAll().where('name', '=', name).executeTakeFirst();
  }

  async ensure(name: string, createdAt: number): Promise<void> {
    await this.#db
      .insertInto('apps')
      .values({ name, createdAt, currentRelease: null, destroying: 0 })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
  }

  async setCurrentRelease(name: string, currentRelease: number | null): Promise<void> {
    await this.#db.updateTable('apps').set({ currentRelease }).where('name', '=', name).execute();
  }

  async markDestroying(name: string): Promise<void> {
    await this.#db.updateTable('apps').set({ destroying: 1 }).where('name', '=', name).execute();
  }

  /** With its releases, deployments and instances. */
  async remove(name: string): Promise<void> {
    await this.#db.deleteFrom('apps').where('name', '=', name).execute();
  }

  async scales(app: string): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db.selectFrom('scales').selectAll().where('app', '=', app).execute();
    return new Map(rows.map((row) => [row.service, row.count]));
  }

  async setScale(app: string, service: string, count: number): Promise<void> {
    await this.#db
      .insertInto('scales')
      .values({ app, service, count })
      .onConflict((conflict) => conflict.columns(['app', 'service']).doUpdateSet({ count }))
      .execute();
  }
}

import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { StepsTable } from './schema.ts';

export type StepRecord = Readonly<Selectable<StepsTable>>;

/** Steps kept an app. */
const KEPT = 500;

/** What was begun and how it ended: a step without an end was cut off by a crash. */
export class JournalStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Durable before the action begins. */
  async begin(step: Pick<StepRecord, 'app' | 'name' | 'action' | 'startedAt'>): Promise<number> {
    const row = await this.#db
      .insertInto('steps')
      .values({ ...step, finishedAt: null, error: null })
      .returning('id')
      .executeTakeFirstOrThrow();
    return row.id;
  }

  async end(id: number, finishedAt: number, error: string | null): Promise<void> {
    await this.#db.updateTable('steps').set({ finishedAt, error }).where('id', '=', id).execute();
  }

  /** Steps that a crash cut off; they are closed as such, since the next plan decides anew what is left to do. */
  async closeInterrupted(now: number): Promise<readonly StepRecord[]> {
    const open = await this.#db.selectFrom('steps').selectAll().where('finishedAt', 'is', null).orderBy('id').execute();
    await this.#db
      .updateTable('steps')
      .set({ finishedAt: now, error: 'interrupted' })
      .where('finishedAt', 'is', null)
      .execute();
    return open;
  }

  /** Newest first. */
  list(app: string, limit = KEPT): Promise<readonly StepRecord[]> {
    return this.#db.selectFrom('steps').selectAll().where('app', '=', app).orderBy('id', 'desc').limit(limit).execute();
  }

  async prune(app: string): Promise<void> {
    const kept = this.#db.selectFrom('steps').select('id').where('app', '=', app).orderBy('id', 'desc').limit(KEPT);
    await this.#db.deleteFrom('steps').where('app', '=', app).where('id', 'not in', kept).execute();
  }
}

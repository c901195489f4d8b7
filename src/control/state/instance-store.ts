import type { Selectable } from 'kysely';
import type { Database } from './database.ts';
import type { InstancesTable, SlotsTable } from './schema.ts';

export type InstanceRecord = Readonly<Selectable<InstancesTable>>;
export type SlotRecord = Readonly<Selectable<SlotsTable>>;

/** Ended instances kept for their logs, a service. */
const ENDED_KEPT = 20;

/** What every instance id of a service begins with; services whose prefixes are equal share a counter. */
export function instancePrefix(app: string, service: string): string {
  return `${app}-${service}`;
}

/** Instances from before their start until after their end, and how often their slots have failed. */
export class InstanceStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All that have not ended, oldest first. */
  live(app: string): Promise<readonly InstanceRecord[]> {
    return this.#db
      .selectFrom('instances')
      .selectAll()
      .where('app', '=', app)
      .where('phase', '!=', 'ended')
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
  }

  /** Of every app. */
  async liveIds(): Promise<ReadonlySet<string>> {
    const rows = await this.#db.selectFrom('instances').select('id').where('phase', '!=', 'ended').execute();
    return new Set(rows.map((row) => row.id));
  }

  /** Also those that have ended; oldest first. */
  list(app: string): Promise<readonly InstanceRecord[]> {
    return this.#db
      .selectFrom('instances')
      .selectAll()
      .where('app', '=', app)
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
  }

  get(id: string): Promise<InstanceRecord | undefined> {
    return this.#db.selectFrom('instances').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Number that the next instance of each prefix gets; absent: 1. */
  async nextNumbers(prefixes: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (prefixes.length === 0) return new Map();
    const rows = await this.#db.selectFrom('counters').selectAll().where('name', 'in', prefixes).execute();
    return new Map(rows.map((row) => [row.name, row.value + 1]));
  }

  /** Run inside a transaction. Recording the same id again changes nothing. */
  async create(
    instance: Pick<InstanceRecord, 'id' | 'app' | 'service' | 'release' | 'slot' | 'createdAt'>,
    number: number,
  ): Promise<void> {
    const name = instancePrefix(instance.app, instance.service);
    await this.#db
      .insertInto('counters')
      .values({ name, value: number })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: number }))
      .execute();
    await this.#db
      .insertInto('instances')
      .values({
        ...instance,
        phase: 'starting',
        reason: '',
        activeAt: null,
        drainAt: null,
        startError: null,
        endedAt: null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }

  async update(
    id: string,
    change: Partial<Pick<InstanceRecord, 'phase' | 'reason' | 'activeAt' | 'drainAt' | 'startError' | 'endedAt'>>,
  ): Promise<void> {
    await this.#db.updateTable('instances').set(change).where('id', '=', id).execute();
  }

  /** Forgets all but the newest ended instances of the app. */
  async pruneEnded(app: string): Promise<void> {
    const kept = this.#db
      .selectFrom('instances')
      .select('id')
      .where('app', '=', app)
      .where('phase', '=', 'ended')
      .orderBy('endedAt', 'desc')
      .limit(ENDED_KEPT);
    await this.#db
      .deleteFrom('instances')
      .where('app', '=', app)
      .where('phase', '=', 'ended')
      .where('id', 'not in', kept)
      .execute();
  }

  slots(app: string): Promise<readonly SlotRecord[]> {
    return this.#db.selectFrom('slots').selectAll().where('app', '=', app).execute();
  }

  async recordFailure(slot: SlotRecord): Promise<void> {
    const { failures, retryAt, reason } = slot;
    await this.#db
      .insertInto('slots')
      .values(slot)
      .onConflict((conflict) =>
        conflict.columns(['app', 'service', 'slot', 'release']).doUpdateSet({ failures, retryAt, reason }),
      )
      .execute();
  }

  async forgetFailures(app: string, release: number): Promise<void> {
    await this.#db.deleteFrom('slots').where('app', '=', app).where('release', '=', release).execute();
  }
}

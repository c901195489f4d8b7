import type { Selectable } from 'kysely';
import type { DeploymentStatus, DeploymentView } from '../platform.ts';
import type { Database } from './database.ts';
import type { DeploymentsTable } from './schema.ts';

export type DeploymentRecord = Readonly<Selectable<DeploymentsTable>>;

export interface Transition {
  readonly id: string;
  readonly at: number;
  readonly status: DeploymentStatus;
  readonly reason: string;
  /** The rollout turns around, for this reason. */
  readonly turnedBack?: string;
}

const FINAL: readonly DeploymentStatus[] = ['succeeded', 'rolled-back', 'failed'];

/** Deployments and every state that they went through. */
export class DeploymentStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Fails on the unique index when another deployment of the app is open. Run inside a transaction. */
  async create(
    deployment: Pick<
      DeploymentRecord,
      'id' | 'app' | 'release' | 'previousRelease' | 'kind' | 'status' | 'reason' | 'createdAt'
    >,
  ): Promise<void> {
    const { id, status, reason, createdAt } = deployment;
    await this.#db
      .insertInto('deployments')
      .values({ ...deployment, turnedBack: null, stageAt: createdAt, finishedAt: null })
      .execute();
    await this.#db
      .insertInto('transitions')
      .values({ deployment: id, sequence: 1, at: createdAt, status, reason })
      .execute();
  }

  /** Run inside a transaction. A finished deployment stays as it is. */
  async transition({ id, at, status, reason, turnedBack }: Transition): Promise<boolean> {
    const updated = await this.#db
      .updateTable('deployments')
      .set({
        status,
        reason,
        stageAt: at,
        finishedAt: FINAL.includes(status) ? at : null,
        ...(turnedBack === undefined ? {} : { turnedBack }),
      })
      .where('id', '=', id)
      .where('finishedAt', 'is', null)
      .executeTakeFirst();
    if (updated.numUpdatedRows === 0n) return false;
    const { last } = await this.#db
      .selectFrom('transitions')
      .select((select) => select.fn.max('sequence').as('last'))
      .where('deployment', '=', id)
      .executeTakeFirstOrThrow();
    await this.#db
      .insertInto('transitions')
      .values({ deployment: id, sequence: last + 1, at, status, reason })
      .execute();
    return true;
  }

  /** The one under way. */
  open(app: string): Promise<DeploymentRecord | undefined> {
    return this.#db
      .selectFrom('deployments')
      .selectAll()
      .where('app', '=', app)
      .where('finishedAt', 'is', null)
      .executeTakeFirst();
  }

  get(id: string): Promise<DeploymentRecord | undefined> {
    return this.#db.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Newest first. */
  list(app: string): Promise<readonly DeploymentRecord[]> {
    return this.#db
      .selectFrom('deployments')
      .selectAll()
      .where('app', '=', app)
      .orderBy('createdAt', 'desc')
      .orderBy('id', 'desc')
      .execute();
  }

  latest(app: string): Promise<DeploymentRecord | undefined> {
    return this.#db
      .selectFrom('deployments')
      .selectAll()
      .where('app', '=', app)
      .orderBy('createdAt', 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
  }

  async view(record: DeploymentRecord): Promise<DeploymentView> {
    const transitions = await this.#db
      .selectFrom('transitions')
      .select(['at', 'status', 'reason'])
      .where('deployment', '=', record.id)
      .orderBy('sequence')
      .execute();
    const { id, app, release, status, reason, createdAt, finishedAt } = record;
    return { id, app, release, status, reason, createdAt, finishedAt, transitions };
  }
}

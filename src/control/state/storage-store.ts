import type { Selectable } from 'kysely';
import type { BucketSpec } from '../../spec/app-spec.ts';
import type { StorageView } from '../platform.ts';
import type { Database } from './database.ts';
import type { StorageTable } from './schema.ts';

export type StorageRow = Readonly<Selectable<StorageTable>>;

/** What a bucket was told last, by an app file or a command. */
export interface BucketSettings extends BucketSpec {
  /** Of a command; no app file says it. */
  readonly objectLock?: boolean | undefined;
}

export interface VolumeSource {
  readonly volume: string;
  readonly snapshot: string;
}

/** What a bucket was made as a fork of. */
export interface ForkSource {
  /** As the object store knows it. */
  readonly bucket: string;
  readonly snapshot?: string | undefined;
}

export interface StorageRecord extends Omit<StorageRow, 'ready' | 'settings' | 'source'> {
  readonly ready: boolean;
  /** Of buckets, as last applied. */
  readonly settings: BucketSettings | null;
  /** Of volumes made from a snapshot, and of forks. */
  readonly source: VolumeSource | ForkSource | null;
}

export type StorageChange = Partial<
  Pick<
    StorageRecord,
    'app' | 'state' | 'ready' | 'settings' | 'origin' | 'purgeAt' | 'sizeBytes' | 'boundService' | 'boundSlot'
  >
>;

/** Buckets, volumes and filesystems: what they are, whose they are and which instance they are promised to. */
export class StorageStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async insert(record: StorageRecord): Promise<void> {
    const { ready, settings, source, ...columns } = record;
    await this.#db
      .insertInto('storage')
      .values({
        ...columns,
        ready: ready ? 1 : 0,
        settings: JSON.stringify(settings),
        source: JSON.stringify(source),
      })
      .execute();
  }

  async get(id: string): Promise<StorageRecord | undefined> {
    const row = await this.#db.selectFrom('storage').selectAll().where('id', '=', id).executeTakeFirst();
    return row && parse(row);
  }

  /** All that there is, oldest first. */
  async list(filter: { readonly kind?: StorageView['kind'] | undefined } = {}): Promise<readonly StorageRecord[]> {
    let query = this.#db.selectFrom('storage').selectAll();
    if (filter.kind) query = query.where('kind', '=', filter.kind);
    return (await query.orderBy('createdAt').orderBy('id').execute()).map(parse);
  }

  /** What belongs to the app and what belongs to none, oldest first. */
  async within(app: string): Promise<readonly StorageRecord[]> {
    const rows = await this.#db
      .selectFrom('storage')
      .selectAll()
      .where((where) => where.or([where('app', '=', app), where('app', 'is', null)]))
      .orderBy('createdAt')
      .orderBy('id')
      .execute();
    return rows.map(parse);
  }

  async takenRealNames(): Promise<ReadonlySet<string>> {
    const rows = await this.#db.selectFrom('storage').select('realName').where('realName', 'is not', null).execute();
    return new Set(rows.flatMap((row) => row.realName ?? []));
  }

  async update(id: string, change: StorageChange): Promise<void> {
    const { ready, settings, ...columns } = change;
    await this.#db
      .updateTable('storage')
      .set({
        ...columns,
        ...(ready === undefined ? {} : { ready: ready ? (1 as const) : (0 as const) }),
        ...(settings === undefined ? {} : { settings: JSON.stringify(settings) }),
      })
      .where('id', '=', id)
      .execute();
  }

  /** Makes it the app's, unless it is another's by now or destroyed. */
  async claim(id: string, app: string, change: StorageChange): Promise<boolean> {
    const { ready: _ready, settings: _settings, ...columns } = change;
    const result = await this.#db
      .updateTable('storage')
      .set({ ...columns, app, state: 'active' })
      .where('id', '=', id)
      .where('state', '!=', 'destroyed')
      .where((where) => where.or([where('app', '=', app), where('app', 'is', null)]))
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  async remove(id: string): Promise<void> {
    await this.#db.deleteFrom('storage').where('id', '=', id).execute();
  }

  /** Service → real names of the buckets that its key reaches. */
  async grants(app: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const rows = await this.#db.selectFrom('grants').selectAll().where('app', '=', app).execute();
    return new Map(rows.map((row) => [row.service, JSON.parse(row.buckets)]));
  }

  async setGrant(app: string, service: string, buckets: readonly string[] | null): Promise<void> {
    if (buckets === null) {
      await this.#db.deleteFrom('grants').where('app', '=', app).where('service', '=', service).execute();
      return;
    }
    const text = JSON.stringify(buckets);
    await this.#db
      .insertInto('grants')
      .values({ app, service, buckets: text })
      .onConflict((conflict) => conflict.columns(['app', 'service']).doUpdateSet({ buckets: text }))
      .execute();
  }
}

function parse({ ready, settings, source, ...row }: StorageRow): StorageRecord {
  return { ...row, ready: ready === 1, settings: JSON.parse(settings), source: JSON.parse(source) };
}

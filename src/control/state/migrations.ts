import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

type Db = Kysely<unknown>;

/** Applied in the order of their names. A released migration never changes. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-foundation': {
    up: async (db: Db) => {
      await createApps(db);
      await createInstances(db);
      await createStorage(db);
      await createAccess(db);
      await createJournal(db);
    },
  },
};

async function createApps(db: Db): Promise<void> {
  await db.schema
    .createTable('apps')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('currentRelease', 'integer')
    .addColumn('destroying', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('scales')
    .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
    .addColumn('service', 'text', (c) => c.notNull())
    .addColumn('count', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('scales_key', ['app', 'service'])
    .execute();
  await db.schema
    .createTable('releases')
    .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('spec', 'text', (c) => c.notNull())
    .addColumn('secrets', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('pruned', 'integer', (c) => c.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('releases_key', ['app', 'version'])
    .execute();
  await db.schema
    .createTable('builds')
    .addColumn('app', 'text', (c) => c.notNull())
    .addColumn('release', 'integer', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('services', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('command', 'text')
    .addColumn('error', 'text')
    .addPrimaryKeyConstraint('builds_key', ['app', 'release', 'name'])
    .addForeignKeyConstraint('builds_release', ['app', 'release'], 'releases', ['app', 'version'], (c) =>
      c.onDelete('cascade'),
    )
    .execute();
  await db.schema
    .createTable('deployments')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
    .addColumn('release', 'integer', (c) => c.notNull())
    .addColumn('previousRelease', 'integer')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('turnedBack', 'text')
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('stageAt', 'bigint', (c) => c.notNull())
    .addColumn('finishedAt', 'bigint')
    .execute();
  // At most one deployment of an app is under way, whatever the code above believes.
  await sql`create unique index "deployments_one_open" on "deployments" ("app") where "finishedAt" is null`.execute(db);
  await db.schema.createIndex('deployments_by_app').on('deployments').columns(['app', 'createdAt']).execute();
  await db.schema
    .createTable('transitions')
    .addColumn('deployment', 'text', (c) => c.notNull().references('deployments.id').onDelete('cascade'))
    .addColumn('sequence', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('transitions_key', ['deployment', 'sequence'])
    .execute();
}

async function createInstances(db: Db): Promise<void> {
  await db.schema
    .createTable('instances')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
    .addColumn('service', 'text', (c) => c.notNull())
    .addColumn('release', 'integer', (c) => c.notNull())
    .addColumn('slot', 'integer', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addColumn('activeAt', 'bigint')
    .addColumn('drainAt', 'bigint')
    .addColumn('startError', 'text')
    .addColumn('endedAt', 'bigint')
    .execute();
  await db.schema.createIndex('instances_by_app').on('instances').columns(['app', 'phase']).execute();
  await db.schema
    .createTable('counters')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('slots')
    .addColumn('app', 'text', (c) => c.notNull().references('apps.name').onDelete('cascade'))
    .addColumn('service', 'text', (c) => c.notNull())
    .addColumn('slot', 'integer', (c) => c.notNull())
    .addColumn('release', 'integer', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('retryAt', 'bigint', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('slots_key', ['app', 'service', 'slot', 'release'])
    .execute();
}

/** `storage.app` is no foreign key: data outlives its app. */
async function createStorage(db: Db): Promise<void> {
  await db.schema
    .createTable('storage')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('app', 'text')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('realName', 'text', (c) => c.unique())
    .addColumn('region', 'text')
    .addColumn('sizeBytes', 'bigint')
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('origin', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('ready', 'integer', (c) => c.notNull())
    .addColumn('purgeAt', 'bigint')
    .addColumn('boundService', 'text')
    .addColumn('boundSlot', 'integer')
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('storage_by_app').on('storage').columns(['app', 'kind', 'name']).execute();
}

async function createAccess(db: Db): Promise<void> {
  await db.schema
    .createTable('grants')
    .addColumn('app', 'text', (c) => c.notNull())
    .addColumn('service', 'text', (c) => c.notNull())
    .addColumn('buckets', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('grants_key', ['app', 'service'])
    .execute();
  await db.schema
    .createTable('secrets')
    .addColumn('app', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('sealed', 'text')
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('secrets_key', ['app', 'name', 'version'])
    .execute();
  await db.schema
    .createTable('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'bigint', (c) => c.notNull())
    .execute();
}

async function createJournal(db: Db): Promise<void> {
  await db.schema
    .createTable('steps')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('app', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('startedAt', 'bigint', (c) => c.notNull())
    .addColumn('finishedAt', 'bigint')
    .addColumn('error', 'text')
    .execute();
}

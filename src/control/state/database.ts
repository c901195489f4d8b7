import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { Migrator } from 'kysely/migration';
import { diskFull, isNodeError } from '../../core/errors.ts';
import { migrations } from './migrations.ts';
import type { Schema } from './schema.ts';

export type Database = Kysely<Schema>;

/**
 * Opens the state of a data directory and brings its tables up to date.
 * For one process, so that no file of shared memory is needed, which a full disk has no room for.
 * WAL with `synchronous=FULL`: a committed transaction survives power loss (sqlite.org/pragma.html#pragma_synchronous).
 */
export async function openDatabase(path: string): Promise<Database> {
  const sqlite = new DatabaseSync(path);
  sqlite.exec(
    'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000',
  );
  const database = connect(asKyselyDatabase(sqlite));
  await migrate(database);
  return database;
}

export function connect(database: SqliteDatabase): Database {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database }) });
}

/** All migrations run in one transaction: tables are as before or as after. */
export async function migrate(database: Database): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/** `node:sqlite` in the shape that Kysely's SQLite dialect asks for; statements are prepared once. */
export function asKyselyDatabase(sqlite: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare: (sql) => {
      const known = statements.get(sql);
      if (known) return known;
      const statement = asKyselyStatement(sqlite, sqlite.prepare(sql));
      statements.set(sql, statement);
      return statement;
    },
    close: () => sqlite.close(),
  };
}

function asKyselyStatement(sqlite: DatabaseSync, statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  const isRollback = statement.sourceSQL === 'rollback';
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => reportFullDisk(() => statement.all(...values(parameters))),
    run: (parameters) => {
      // A full disk has rolled back by itself (sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
      if (isRollback && !sqlite.isTransaction) return { changes: 0, lastInsertRowid: 0 };
      return reportFullDisk(() => statement.run(...values(parameters)));
    },
    iterate: (parameters) => statement.iterate(...values(parameters)) as IterableIterator<unknown>,
  };
}

const SQLITE_FULL = 13;

function reportFullDisk<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isNodeError(error, 'ERR_SQLITE_ERROR') && 'errcode' in error && error.errcode === SQLITE_FULL
      ? diskFull(error)
      : error;
  }
}

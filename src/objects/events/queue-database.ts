import { constants, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementResultingChanges } from 'node:sqlite';
import { makeDirectoryDurable, syncDirectory } from '../../core/durable-files.ts';
import { diskFull, isNodeError } from '../../core/errors.ts';
import { isQueueDamage } from './queue-damage.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS bucket (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, rules TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS delivery (
    webhook TEXT NOT NULL, bucket INTEGER NOT NULL, key TEXT NOT NULL, stamp INTEGER NOT NULL, delivery TEXT NOT NULL,
    PRIMARY KEY (webhook, bucket, key, stamp)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS due (
    webhook TEXT NOT NULL, bucket INTEGER NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (webhook, bucket, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS due_at ON due (webhook, at);
  CREATE TABLE IF NOT EXISTS failed (
    webhook TEXT NOT NULL, stamp INTEGER NOT NULL, delivery TEXT NOT NULL,
    PRIMARY KEY (webhook, stamp)
  ) STRICT, WITHOUT ROWID;
`;

type Values = readonly SQLInputValue[];

/** Of one statement. */
export interface Statement {
  run(...values: Values): StatementResultingChanges;
  get(...values: Values): Readonly<Record<string, SQLOutputValue>> | undefined;
  all(...values: Values): Record<string, SQLOutputValue>[];
}

/**
 * SQLite in WAL mode, with commits that are not synced: nothing here waits for the disk.
 * Locked for this process alone, it keeps the WAL's index in memory and not in a file,
 * which a full disk would have no room for.
 * After a crash of the machine the last commits may be gone, all of what followed one of
 * them with it, and the feed, which is told only after `sync`, still has what they were
 * made of.
 */
export class QueueDatabase {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #damage = Promise.withResolvers<unknown>();

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
  }

  /** @throws HoldfastError `disk.full` */
  static async open(path: string): Promise<QueueDatabase> {
    await makeDirectoryDurable(dirname(path));
    const database = new DatabaseSync(path);
    try {
      database.exec('PRAGMA busy_timeout = 5000; PRAGMA locking_mode = EXCLUSIVE;');
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      database.exec(SCHEMA);
      return new QueueDatabase(path, database);
    } catch (error) {
      database.close();
      throw isFull(error) ? diskFull(error, path) : error;
    }
  }

  /** Resolves when something in it cannot be read; then the rest may be as wrong. */
  get damage(): Promise<unknown> {
    return this.#damage.promise;
  }

  reportDamage(error: unknown): void {
    this.#damage.resolve(error);
  }

  prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql);
    return {
      run: (...values) => this.#watched(() => statement.run(...values)),
      get: (...values) => this.#watched(() => statement.get(...values)),
      all: (...values) => this.#watched(() => statement.all(...values)),
    };
  }

  #watched<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (isQueueDamage(error)) this.reportDamage(error);
      throw error;
    }
  }

  /** All or nothing. @throws HoldfastError `disk.full` */
  transaction<T>(change: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = change();
      this.#watched(() => this.#database.exec('COMMIT'));
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw isFull(error) ? diskFull(error, this.#path) : error;
    }
  }

  /** What was committed before the call survives power loss when it resolves. */
  async sync(): Promise<void> {
    for (const path of [`${this.#path}-wal`, this.#path]) await syncFile(path);
    await syncDirectory(dirname(this.#path));
  }

  close(): void {
    this.#database.close();
  }
}

const SQLITE_FULL = 13;

function isFull(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_FULL;
}

async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, constants.O_RDWR);
    await file.sync();
  } catch (error) {
    if (!isNodeError(error, 'ENOENT')) throw error;
  }
}

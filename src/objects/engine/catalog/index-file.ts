import { type FileHandle, open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { diskFull, hasRoomFor } from '../disk-room.ts';

const FILE = 'index.mdb';
/** What a transaction may add to the file. */
const ROOM_BYTES = 2 ** 20;

export interface IndexRange {
  readonly start: Buffer;
  readonly end: Buffer;
  readonly limit?: number;
}

/**
 * LMDB, committed without sync: after a crash of the process all commits are there,
 * after a crash of the machine the file may be damaged and is built anew from the
 * journal. The settings are those that measured best.
 */
export class IndexFile {
  readonly #path: string;
  readonly #database: RootDatabase<Buffer, Buffer>;

  private constructor(path: string, database: RootDatabase<Buffer, Buffer>) {
    this.#path = path;
    this.#database = database;
  }

  static open(directory: string): IndexFile {
    const path = join(directory, FILE);
    const database = open<Buffer, Buffer>({
      path,
      encoding: 'binary',
      keyEncoding: 'binary',
      noSync: true,
      noMemInit: true,
      overlappingSync: false,
      cache: false,
    });
    return new IndexFile(path, database);
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.getBinary(key);
  }

  /** Ascending, of one moment when read without awaiting in between. */
  range({ start, end, limit }: IndexRange): Iterable<{ readonly key: Buffer; readonly value: Buffer }> {
    return this.#database.getRange(limit === undefined ? { start, end } : { start, end, limit });
  }

  /**
   * All or nothing, in one transaction; `undefined` removes.
   * @throws HoldfastError `disk.full`; LMDB is not even asked where it could run out of room
   */
  async write(entries: Iterable<readonly [Buffer, Buffer | undefined]>): Promise<void> {
    if (!(await hasRoomFor(dirname(this.#path), ROOM_BYTES))) throw diskFull(this.#path);
    const puts = new Set<Promise<boolean>>();
    const batch = this.#database.batch(() => {
      for (const [key, value] of entries) {
        puts.add(value ? this.#database.put(key, value) : this.#database.remove(key));
      }
    });
    try {
      await Promise.all([batch, ...puts]);
    } catch (error) {
      throw await causeOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#database.close();
    const file: FileHandle = await openFile(this.#path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** lmdb tells why a commit failed in a promise that rejects beside the one that was waited for. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).catch((cause: unknown) => cause);
}

import { type FileHandle, open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { open, type RootDatabase, type Transaction } from 'lmdb';
import { storeErrors } from '../../store/errors/store-errors.ts';
import { diskFull, hasRoomFor } from '../disk-room.ts';
import { engineErrors, reasonOf } from '../errors.ts';
import { CheckedValues, withChecksum } from './checked-values.ts';
import { EntryDamage, isIndexDamage } from './index-damage.ts';

/** Of an index's directory. */
export const INDEX_FILE = 'checked.mdb';
/** That of earlier versions, whose values have no checksums. Where there is one it counts, see `index-conversion.ts`. */
export const EARLIER_INDEX_FILE = 'index.mdb';
/** What a transaction may add to the file. */
const ROOM_BYTES = 2 ** 20;

/** Keys are texts (`index-keys.ts`). */
export interface IndexRange {
  readonly start: string;
  readonly end: string;
  readonly limit?: number;
}

/** From `start` on, before `end`; where they are the same only their place is looked at. */
export interface IndexGap {
  readonly start: string;
  readonly end: string;
}

export interface IndexEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** Decodes what an entry holds. */
export interface EntryReader {
  /** @throws HoldfastError `store.index-damaged` where it is nothing that could have been written; the index has failed then, whoever asked */
  decode<T>(value: Buffer, decoder: (value: Buffer) => T): T;
}

/** Reads what there was at one moment. */
export interface IndexReader {
  /** Ascending. */
  range(range: IndexRange): Iterable<IndexEntry>;
  /** Nothing is in the gap. @throws HoldfastError `store.index-damaged` where that is not sure */
  confirmEmpty(gap: IndexGap): void;
}

const keyEncoder = {
  /** @throws RangeError where it does not fit, as every writer of keys for lmdb */
  writeKey(key: string, target: Buffer, start: number): number {
    const end = start + key.length;
    if (end > target.length) throw new RangeError('the key does not fit');
    target.write(key, start, 'latin1');
    return end;
  },
  readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
};

/** Of the file without checksums. */
const values = {
  encode: (value: Buffer): Buffer => value,
  decode(bytes: Uint8Array, length: unknown): Buffer {
    const value = Buffer.allocUnsafe(typeof length === 'number' ? length : bytes.length);
    Buffer.prototype.copy.call(bytes, value, 0, 0, value.length);
    return value;
  },
};

/**
 * LMDB, committed without sync: after a crash of the process all commits are there,
 * after a crash of the machine the file may be damaged and is built anew from the
 * journal. The settings are those that measured best, but for `noMemInit`: with it, what
 * a page leaves empty is written with what was in memory before, objects and keys.
 */
export class IndexFile implements IndexReader, EntryReader {
  readonly #path: string;
  readonly #database: RootDatabase<Buffer, string>;
  /** Absent: they have none. */
  readonly #checked: CheckedValues | undefined;
  readonly #damage = Promise.withResolvers<unknown>();
  #damageFound: string | undefined;
  #isClosing = false;
  #held = 0;

  private constructor(path: string, database: RootDatabase<Buffer, string>, checked: CheckedValues | undefined) {
    this.#path = path;
    this.#database = database;
    this.#checked = checked;
  }

  static open(directory: string, name: string = INDEX_FILE): IndexFile {
    const path = join(directory, name);
    const checked = name === EARLIER_INDEX_FILE ? undefined : new CheckedValues();
    const database = open<Buffer, string>({
      path,
      encoder: checked ?? values,
      keyEncoder,
      noSync: true,
      overlappingSync: false,
      cache: false,
      eventTurnBatching: false, // of a failed commit it rejects a promise that nobody has
    });
    return new IndexFile(path, database, checked);
  }

  /** Resolves when something was met in the file that nobody can make anything of: it will be again. */
  get damage(): Promise<unknown> {
    return this.#damage.promise;
  }

  /** What that was, for a person. */
  get damageFound(): string | undefined {
    return this.#damageFound;
  }

  /** @throws HoldfastError `store.index-damaged` */
  get(key: string): Buffer | undefined {
    try {
      const value = this.#database.get(key);
      if (value) this.#check(key);
      return value;
    } catch (error) {
      throw this.#noted(error);
    }
  }

  /** Ascending, of one moment when read without awaiting in between. @throws as `get` */
  range({ start, end, limit }: IndexRange): Iterable<IndexEntry> {
    const entries = this.#database.getRange(limit === undefined ? { start, end } : { start, end, limit });
    return this.#watch(entries);
  }

  /** The iterator, with a look at what it gives and throws, and at its end: an entry whose key has changed may end it. */
  #watched(entries: Iterator<IndexEntry>, confirmEnd?: (last: string | undefined) => void): Iterator<IndexEntry> {
    let last: string | undefined;
    return {
      next: () => {
        try {
          const entry = entries.next();
          if (entry.done === true) confirmEnd?.(last);
          else {
            last = entry.value.key;
            this.#check(last);
          }
          return entry;
        } catch (error) {
          throw this.#noted(error);
        }
      },
      return: (value?: unknown) => entries.return?.(value) ?? { done: true, value: undefined },
    };
  }

  /** To be asked right behind lmdb: what it has decoded last is the key's. */
  #check(key: string): void {
    if (this.#checked?.isOf(key) === false) throw new EntryDamage();
  }

  /**
   * An entry whose key has changed is still where it was, and what a changed key of an inner
   * page hides is where it belongs: beside the place at which the search for it ends, on one side or the other.
   */
  confirmEmpty({ start, end }: IndexGap, transaction?: Transaction): void {
    const one = { start, end: '', limit: 1, ...(transaction && { transaction }) }; // '': to the last, or the first
    const [next] = this.#watch(this.#database.getRange(one));
    const [before] = this.#watch(this.#database.getRange({ ...one, reverse: true }));
    if ((next && next.key < end) || (before && before.key > start)) throw this.#noted(new EntryDamage());
  }

  #watch(entries: Iterable<IndexEntry>): Iterable<IndexEntry> {
    return { [Symbol.iterator]: () => this.#watched(entries[Symbol.iterator]()) };
  }

  /**
   * Reads what is there now, with awaiting in between too, until it is disposed of: so long, LMDB keeps every page
   * that it reads. When the file is closed meanwhile, it ends by an error.
   */
  hold(): IndexReader & Disposable {
    const checkOpen = () => {
      if (this.#isClosing) throw storeErrors.closed();
    };
    checkOpen();
    const transaction = this.#database.useReadTransaction();
    this.#held++;
    return {
      range: ({ start, end }) => {
        checkOpen();
        const entries = this.#database.getRange({ start, end, transaction });
        const confirmEnd = (last: string | undefined) =>
          this.confirmEmpty({ start: last === undefined ? start : `${last}\u0000`, end }, transaction);
        return {
          [Symbol.iterator]: () => this.#watched(checked(entries[Symbol.iterator](), checkOpen), confirmEnd),
        };
      },
      confirmEmpty: (gap) => this.confirmEmpty(gap, transaction),
      [Symbol.dispose]: () => {
        transaction.done();
        this.#held--;
      },
    };
  }

  decode<T>(value: Buffer, decoder: (value: Buffer) => T): T {
    try {
      return decoder(value);
    } catch (cause) {
      throw this.#noted(new EntryDamage(cause));
    }
  }

  /** Something in it is not what was written. */
  reportDamage(error: unknown): void {
    this.#damageFound ??= reasonOf(error);
    this.#damage.resolve(error);
  }

  /** What is told to whoever met it. */
  #noted(error: unknown): unknown {
    if (!isIndexDamage(error)) return error;
    this.reportDamage(error);
    return engineErrors.indexDamaged(error);
  }

  /**
   * All or nothing, in one transaction; `undefined` removes.
   * @throws HoldfastError `disk.full`; LMDB is not even asked where it could run out of room
   */
  async write(entries: Iterable<readonly [string, Buffer | undefined]>): Promise<void> {
    if (!(await this.#hasRoom())) throw diskFull(this.#path);
    const puts = new Set<Promise<boolean>>();
    const batch = this.#database.batch(() => {
      for (const [key, value] of entries) {
        puts.add(value ? this.#database.put(key, this.#kept(key, value)) : this.#database.remove(key));
      }
    });
    try {
      await Promise.all([batch, ...puts]);
    } catch (error) {
      const cause = this.#noted(await causeOf(error));
      // Others take room meanwhile; a write that was cut short for want of it says EIO.
      throw (await this.#hasRoom()) ? cause : diskFull(this.#path);
    }
  }

  #kept(key: string, value: Buffer): Buffer {
    return this.#checked ? withChecksum(key, value) : value;
  }

  #hasRoom(): Promise<boolean> {
    return hasRoomFor(dirname(this.#path), ROOM_BYTES);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    while (this.#held > 0) await new Promise((resolve) => setImmediate(resolve)); // LMDB would read what is unmapped
    await this.#database.close();
    const file: FileHandle = await openFile(this.#path, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** The iterator, which ends where `check` throws. */
function checked<T>(entries: Iterator<T>, check: () => void): Iterator<T> {
  return {
    next() {
      try {
        check();
      } catch (error) {
        entries.return?.();
        throw error;
      }
      return entries.next();
    },
    return: (value?: unknown) => entries.return?.(value) ?? { done: true, value: undefined },
  };
}

/** lmdb tells why a commit failed in a promise that rejects beside the one that was waited for. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).catch((cause: unknown) => cause);
}

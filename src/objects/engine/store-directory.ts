import { randomInt } from 'node:crypto';
import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  makeDirectoryDurable,
  readJsonFile,
  removeDurable,
  renameDurable,
  writeFileDurable,
} from '../../core/durable-files.ts';
import { HoldfastError, isDiskError, isNodeError } from '../../core/errors.ts';
import { acquireProcessLock, type ProcessLock } from '../../core/process-lock.ts';
import { DAMAGED, engineErrors, SALVAGE_CONSENT } from './errors.ts';
import { RebuildNote } from './rebuild-note.ts';
import { type LastSession, SessionMark } from './session-mark.ts';

/** 2: data files in shards by their millisecond, which code that knows only 1 would report as gone. */
const FORMAT = 2;
const EARLIER_FORMAT = 1;

const JOURNAL = 'journal';

/** Fixed when the store is made. */
export interface StoreFormat {
  /** Raised when newer code opens the store: what it writes from then on may be lost on older code, which refuses it. */
  readonly format: number;
  readonly segmentBytes: number;
  /** Secret start value of the journal's batch checksums. */
  readonly salt: number;
}

/** As it is kept: with other numbers the journal would seem to be empty. */
interface KeptFormat extends StoreFormat {
  /** CRC-32 over the others; stores of before have none until they are opened. */
  readonly crc?: number;
}

/**
 * store.json   the format
 * lock         held by the one process that has the store open
 * consumers.json  who follows the journal, and from where on
 * session      whether the store was closed
 * journal/ index/ files/
 * salvage      made by an operator, for one start
 * index-rebuild.json  why and when the index was built anew
 * damaged/     what a salvage could not read (`salvage-record.ts`)
 * index.damaged/  an index in which damage was found, until another one is complete
 */
export class StoreDirectory {
  readonly format: StoreFormat;
  readonly rebuild: RebuildNote;
  readonly #path: string;
  readonly #lock: ProcessLock;
  readonly #session: SessionMark;
  #lastSession: LastSession = 'closed';

  private constructor(path: string, format: StoreFormat, lock: ProcessLock) {
    this.#path = path;
    this.format = format;
    this.#lock = lock;
    this.rebuild = new RebuildNote(join(path, 'index-rebuild.json'));
    this.#session = new SessionMark(join(path, 'session'));
  }

  /** @throws HoldfastError `store.in-use`, `store.format`, `store.damaged` */
  static async open(path: string, segmentBytes: number): Promise<StoreDirectory> {
    await makeDirectoryDurable(path);
    const lock = await acquireProcessLock(join(path, 'lock'));
    if (!lock) throw engineErrors.inUse(path);
    try {
      const format = await readFormat(path, segmentBytes);
      const directory = new StoreDirectory(path, format, lock);
      await directory.#beginSession();
      return directory;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** A crash may have left files that the journal does not know. */
  get wasClosed(): boolean {
    return this.#lastSession === 'closed';
  }

  get journal(): string {
    return join(this.#path, JOURNAL);
  }

  get index(): string {
    return join(this.#path, 'index');
  }

  get files(): string {
    return join(this.#path, 'files');
  }

  get damaged(): string {
    return join(this.#path, DAMAGED);
  }

  /** An operator has agreed to go on without what is lost. */
  async maySalvage(): Promise<boolean> {
    return access(this.#salvageConsent).then(
      () => true,
      () => false,
    );
  }

  /** The next damage is another one. */
  async endSalvage(): Promise<void> {
    await removeDurable(this.#salvageConsent);
  }

  get #salvageConsent(): string {
    return join(this.#path, SALVAGE_CONSENT);
  }

  get consumers(): string {
    return join(this.#path, 'consumers.json');
  }

  /**
   * The index is written without sync: once the machine itself has stopped under an
   * open store, its file may hold anything, and only the journal is to be trusted.
   */
  async #beginSession(): Promise<void> {
    for (const directory of [this.journal, this.index, this.files]) await makeDirectoryDurable(directory);
    this.#lastSession = await this.#session.last();
    if (this.#lastSession === 'machine-died') await this.discardIndex();
    await this.#session.begin();
  }

  /** An index that nobody could read; one of before makes room for it. */
  async setIndexAside(damage: string): Promise<void> {
    await this.rebuild.begin(damage);
    await rm(this.#damagedIndex, { recursive: true, force: true });
    await renameDurable(this.index, this.#damagedIndex);
    await makeDirectoryDurable(this.index);
  }

  /** There is an index in its place. */
  async dropDamagedIndex(): Promise<void> {
    await rm(this.#damagedIndex, { recursive: true, force: true });
  }

  get #damagedIndex(): string {
    return join(this.#path, 'index.damaged');
  }

  async discardIndex(): Promise<void> {
    await rm(this.index, { recursive: true, force: true });
    await makeDirectoryDurable(this.index);
  }

  /** The index is on the disk. */
  async endSession(): Promise<void> {
    await this.#session.end();
  }

  /** The disk failed writes of the index: the next session builds another. */
  async distrustIndex(): Promise<void> {
    await this.#session.distrust();
  }

  release(): void {
    this.#lock.release();
  }
}

async function readFormat(directory: string, segmentBytes: number): Promise<StoreFormat> {
  const path = join(directory, 'store.json');
  const found = await readKept(path);
  if (!found) {
    if (await isInUse(join(directory, JOURNAL))) throw engineErrors.directoryDamaged(path, 'is gone');
    const made = { format: FORMAT, segmentBytes, salt: randomInt(1, 2 ** 32) };
    await write(path, made);
    return made;
  }
  const { crc, ...format } = found;
  if (format.format !== FORMAT && format.format !== EARLIER_FORMAT) throw engineErrors.format(directory, format.format);
  if (crc !== undefined && crc !== crcOf(format))
    throw engineErrors.directoryDamaged(path, 'does not match its checksum');
  return crc !== undefined && format.format === FORMAT ? format : raise(path, format);
}

async function readKept(path: string): Promise<KeptFormat | undefined> {
  try {
    return await readJsonFile<KeptFormat>(path);
  } catch (error) {
    if (error instanceof SyntaxError) throw engineErrors.directoryDamaged(path, 'is no JSON any more', error);
    if (isDiskError(error))
      throw engineErrors.directoryDamaged(path, 'cannot be read: the disk reports an error', error);
    throw error;
  }
}

/** The first segment is made long after `store.json` is durable. */
async function isInUse(journal: string): Promise<boolean> {
  try {
    return (await readdir(journal)).length > 0;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return false;
    throw error;
  }
}

function write(path: string, format: StoreFormat): Promise<void> {
  return writeFileDurable(path, JSON.stringify({ ...format, crc: crcOf(format) } satisfies KeptFormat));
}

function crcOf({ format, segmentBytes, salt }: StoreFormat): number {
  return crc32(JSON.stringify([format, segmentBytes, salt]));
}

/** On a full disk the next start does it: what is there has to be readable, and removable, all the same. */
async function raise(path: string, found: StoreFormat): Promise<StoreFormat> {
  const raised = { ...found, format: FORMAT };
  try {
    await write(path, raised);
    return raised;
  } catch (error) {
    if (HoldfastError.from(error).code !== 'disk.full') throw error;
    return found;
  }
}

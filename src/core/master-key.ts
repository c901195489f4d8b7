import { createHmac, randomBytes } from 'node:crypto';
import { readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createFileDurable, makeDirectoryDurable, readJsonFile, writeFileDurable } from './durable-files.ts';
import { type HoldfastError, isHoldfastCode, isNodeError } from './errors.ts';
import { Keyring } from './keyring.ts';
import { masterKeyErrors } from './master-key-errors.ts';

export interface MasterKeyPlace {
  /** The keys: 32 bytes in base64 a line. The first seals, each opens. */
  readonly keyFile: string;
  /** In the data directory, apart from the keys: by which of them something in it may be sealed. */
  readonly recordFile: string;
}

interface MasterKeyRecord {
  readonly version: 1;
  /** Ids, not keys. */
  readonly keys: readonly string[];
}

type Keys = readonly [Uint8Array, ...Uint8Array[]];

interface Found {
  readonly keys: Keys;
  readonly isRecorded: boolean;
}

const KEY_BYTES = 32;
/** The record changes before the file of keys or after it: who reads both may have to look again. */
const LOOKS = 5;

/**
 * The key that seals every other secret of a data directory: buckets' keys, secrets of access keys and webhooks,
 * secrets of apps. A rotation puts a new one before it (`begin`), all is sealed by that one, and the earlier one
 * goes (`end`). In between the file has both, so that a crash at any moment leaves everything readable, and the next
 * start goes on. The record is what a key file is checked by: with another one nothing starts, so nothing is written.
 */
export class MasterKey {
  readonly keyring: Keyring;
  /** The data directory knew it when it was opened; else it may be any. */
  readonly isConfirmed: boolean;
  readonly #place: MasterKeyPlace;
  #keys: Keys;

  private constructor(place: MasterKeyPlace, { keys, isRecorded }: Found) {
    this.#place = place;
    this.isConfirmed = isRecorded;
    this.#keys = keys;
    this.keyring = new Keyring(...keys);
  }

  /**
   * @throws HoldfastError `master-key.missing`, `master-key.other`, `master-key.damaged`, `master-key.unreadable`, `master-key.record`
   */
  static async open(place: MasterKeyPlace): Promise<MasterKey> {
    return new MasterKey(place, await readMatching(place));
  }

  /** For a data directory in which nothing is sealed yet, and no record says so; a key file that is there is taken as it is. @throws HoldfastError `master-key.not-made` */
  static async create(place: MasterKeyPlace): Promise<void> {
    if (await readRecord(place)) return;
    if (await readKeys(place.keyFile)) return;
    try {
      await makeDirectoryDurable(dirname(place.keyFile));
      await createFileDurable(place.keyFile, lines([randomBytes(KEY_BYTES)]));
    } catch (error) {
      throw isNotOurs(error) || isNoPlace(error) ? masterKeyErrors.notMade(place.keyFile, error) : error;
    }
  }

  /** Tells the key from others, and nothing of it. */
  get id(): string {
    return keyId(this.#keys[0]);
  }

  get file(): string {
    return this.#place.keyFile;
  }

  /** Something may still be sealed by an earlier key. */
  get isRotating(): boolean {
    return this.#keys.length > 1;
  }

  /** Everything in the data directory was opened: from now on no other key is taken. */
  async confirm(): Promise<void> {
    const { recordFile } = this.#place;
    if (await readRecord(this.#place)) return;
    await createFileDurable(recordFile, recordOf(this.#keys)); // a rotation may have written a newer one just now
  }

  /** The file has the keys of this data directory still. @throws as `open` */
  async check(): Promise<void> {
    await this.#read();
  }

  /**
   * Writes the keys back where the file is gone or damaged under a process that has them, and gives whether it was.
   * @throws as `open`; HoldfastError `master-key.not-restored`
   */
  async restore(): Promise<boolean> {
    const lost = await this.check().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (lost === undefined) return false;
    if (!isLost(lost)) throw lost;
    const kept = this.#keys.map(keyId);
    const wanted = (await readRecord(this.#place))?.keys ?? [];
    if (!wanted.every((id) => kept.includes(id))) throw masterKeyErrors.missing(this.file, wanted);
    try {
      await writeFileDurable(await this.#placeToWrite(), lines(this.#keys));
    } catch (error) {
      throw masterKeyErrors.notRestored(this.file, error);
    }
    return true;
  }

  /** Where a link leads, what it leads to may be gone: its directory is not made, which may be a disk that is not mounted. */
  async #placeToWrite(): Promise<string> {
    const target = await readlink(this.file).catch(() => undefined);
    if (target !== undefined) return await realpath(this.file).catch(() => resolve(dirname(this.file), target));
    await makeDirectoryDurable(dirname(this.file));
    return this.file;
  }

  async #read(): Promise<Found> {
    try {
      return await readMatching(this.#place);
    } catch (error) {
      throw isLost(error) ? masterKeyErrors.kept(error) : error;
    }
  }

  /** The keys as they are in the file now. @throws as `open` */
  async refresh(): Promise<void> {
    this.#keys = (await this.#read()).keys;
    this.keyring.use(...this.#keys);
  }

  /**
   * A new key seals from now on, or the first of the file where it has several: that is a rotation that has not
   * ended, or one whose key somebody has written there. @throws as `open`, and `master-key.read-only`
   */
  async begin(): Promise<void> {
    const { keys: found } = await this.#read();
    const keys: Keys = found.length > 1 ? found : [randomBytes(KEY_BYTES), ...found];
    if (keys !== found && !(await this.#write(keys))) throw masterKeyErrors.readOnly(this.file);
    this.#keys = keys;
    await this.#record(keys);
    this.keyring.use(...keys);
  }

  /**
   * Nothing is sealed by an earlier key any more: they go. The ring keeps them until the next rotation, for who has
   * just read what one of them had sealed. Gives whether they are out of the file, which may be the operator's to change.
   */
  async end(): Promise<boolean> {
    const [current] = this.#keys;
    await this.#record([current]);
    const written = await this.#write([current]);
    this.#keys = [current];
    return written;
  }

  /** `false`: the file is not the platform's to write. */
  async #write(keys: Keys): Promise<boolean> {
    try {
      await writeFileDurable(await realpath(this.file), lines(keys)); // not in the place of a link to it
      return true;
    } catch (error) {
      if (isNotOurs(error)) return false;
      throw error;
    }
  }

  async #record(keys: Keys): Promise<void> {
    await writeFileDurable(this.#place.recordFile, recordOf(keys));
  }
}

function isLost(error: unknown): error is HoldfastError {
  return ['master-key.missing', 'master-key.damaged'].some((code) => isHoldfastCode(error, code));
}

/** A directory of somebody else, a file system that is read only, a file that is mounted by itself. */
function isNotOurs(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'EBUSY'].some((code) => isNodeError(error, code));
}

/** Its directory is not one, or cannot be made. */
function isNoPlace(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EEXIST'].some((code) => isNodeError(error, code));
}

async function readMatching(place: MasterKeyPlace): Promise<Found> {
  for (let look = 1; ; look++) {
    const record = await readRecord(place);
    const keys = await readKeys(place.keyFile);
    const ids = keys?.map(keyId) ?? [];
    const wanted = record?.keys ?? [];
    if (keys && wanted.every((id) => ids.includes(id))) return { keys, isRecorded: record !== undefined };
    if (look < LOOKS && `${(await readRecord(place))?.keys}` !== `${record?.keys}`) continue;
    throw keys
      ? masterKeyErrors.other(place.keyFile, { found: ids, wanted })
      : masterKeyErrors.missing(place.keyFile, wanted);
  }
}

async function readRecord({ recordFile }: MasterKeyPlace): Promise<MasterKeyRecord | undefined> {
  const record = await readJsonFile<MasterKeyRecord>(recordFile).catch((error: unknown) => {
    throw error instanceof SyntaxError ? masterKeyErrors.recordDamaged(recordFile) : error;
  });
  if (record && !(record.version === 1 && Array.isArray(record.keys))) throw masterKeyErrors.recordDamaged(recordFile);
  return record;
}

async function readKeys(path: string): Promise<Keys | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isNodeError(error, 'ENOENT') || isNodeError(error, 'ENOTDIR')) return undefined;
    throw masterKeyErrors.unreadable(path, error);
  }
  const [first, ...more] = text.split('\n').filter((line) => line.trim() !== '');
  if (first === undefined) throw masterKeyErrors.damaged(path);
  return [parseKey(first, path), ...more.map((line) => parseKey(line, path))];
}

/** Node takes any characters for base64: only what it would write itself counts. */
function parseKey(line: string, path: string): Uint8Array {
  const key = Buffer.from(line.trim(), 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== line.trim()) throw masterKeyErrors.damaged(path);
  return key;
}

function recordOf(keys: Keys): string {
  const record: MasterKeyRecord = { version: 1, keys: keys.map(keyId) };
  return `${JSON.stringify(record)}\n`;
}

function lines(keys: readonly Uint8Array[]): string {
  return keys.map((key) => `${Buffer.from(key).toString('base64')}\n`).join('');
}

/** 256 random bits cannot be found from it. */
function keyId(key: Uint8Array): string {
  return createHmac('sha256', key).update('holdfast master key id').digest('hex').slice(0, 16);
}

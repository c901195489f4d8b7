import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../src/core/errors.ts';
import type { EngineObjectStore } from '../../src/objects/engine/engine-object-store.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { DiskRange } from '../support/disk-memory.ts';
import { FaultyDisk } from '../support/faulty-disk.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { contentOf, storeSizes } from './object-engine-history.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const BLOCK = 4096;
const BATCH_MAGIC = 'HFJ1';
const DISK_BYTES = 384 * 2 ** 20;

/** A store on a disk whose faults are chosen. */
export class StoreOnFaultyDisk implements AsyncDisposable {
  readonly disk: FaultyDisk;
  readonly #stack: AsyncDisposableStack;
  store: EngineObjectStore;
  #others = 0;

  private constructor(disk: FaultyDisk, stack: AsyncDisposableStack, store: EngineObjectStore) {
    this.disk = disk;
    this.#stack = stack;
    this.store = store;
  }

  static async create(fileSystem: 'ext4' | 'xfs'): Promise<StoreOnFaultyDisk> {
    await using making = new AsyncDisposableStack();
    const { path: directory } = making.use(await temporaryDirectory());
    const disk = making.use(await FaultyDisk.create({ directory, bytes: DISK_BYTES, fileSystem }));
    await disk.mount();
    const store = await openEngine({ directory: join(disk.path, 'store'), ...storeSizes });
    await store.createBucket('data');
    return new StoreOnFaultyDisk(disk, making.move(), store);
  }

  get directory(): string {
    return join(this.disk.path, 'store');
  }

  async put(key: string, size = 5000): Promise<void> {
    await this.store.put({ bucket: 'data', key, body: contentOf(key.length, size), metadata });
  }

  /** The code of the error. */
  async outcome(key: string, size?: number): Promise<string> {
    return this.put(key, size).then(() => 'done', codeOf);
  }

  /** `whole`, or the code of the error. */
  async read(key: string): Promise<string> {
    try {
      const object = await this.store.open('data', key);
      const bytes = Buffer.concat(await Array.fromAsync(object.body()));
      object.release();
      return bytes.equals(contentOf(key.length, bytes.length)) ? 'whole' : 'other bytes';
    } catch (error) {
      return codeOf(error);
    }
  }

  async readAll(...keys: readonly string[]): Promise<readonly string[]> {
    return Promise.all(keys.map((key) => this.read(key)));
  }

  /** Where on the disk it is. */
  async journalSegment(sequence: number): Promise<readonly DiskRange[]> {
    const directory = join(this.directory, 'journal');
    const names = (await readdir(directory)).filter((name) => name.endsWith('.journal')).sort();
    const name = names.find((name) => Number.parseInt(name, 10) === sequence);
    if (!name) throw new Error(`no segment ${sequence} of ${names}`);
    return this.extents(join('journal', name));
  }

  async blocksOfSegment(sequence: number, first: number, count = 1): Promise<readonly DiskRange[]> {
    const [whole] = await this.journalSegment(sequence);
    if (!whole) throw new Error('the segment is nowhere');
    const start = whole.start + first * BLOCK;
    return [{ start, end: start + count * BLOCK }];
  }

  /** Of a file of the store. */
  async extents(file: string): Promise<readonly DiskRange[]> {
    return this.disk.extents(join(this.directory, file));
  }

  async failWrites(writesTo: readonly DiskRange[], writes?: number): Promise<void> {
    await this.disk.fail({ writeError: 'EIO', writesTo, ...(writes && { writes }) });
  }

  /** Of batches of the journal, wherever they are. */
  async failBatches(writes?: number): Promise<void> {
    await this.disk.fail({ writeError: 'EIO', writesOf: BATCH_MAGIC, ...(writes && { writes }) });
  }

  /** Writes to the journal, and not to the bucket that is looked at. */
  async createOther(): Promise<void> {
    await this.store.createBucket(`other-${++this.#others}`);
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  async open(): Promise<void> {
    this.store = await openEngine({ directory: this.directory, ...storeSizes });
  }

  async restart(): Promise<void> {
    await this.close();
    await this.open();
  }

  /** Stops the store and gives it sectors that nothing remembers the content of. */
  async breakSectors(badSectors: readonly DiskRange[]): Promise<void> {
    await this.close().catch(() => {});
    await this.disk.unmount();
    await this.disk.fail({ badSectors });
    await this.disk.mount();
  }

  /** And starts again. */
  async powerCut(): Promise<void> {
    await this.disk.fail({ writeError: 'EIO' });
    await this.store.close().catch(() => {});
    await this.disk.powerCut();
    await this.disk.mount();
    await beginOtherLife(this.directory);
    await this.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk.fail({});
    await this.store.close().catch(() => {});
    await this.#stack.disposeAsync();
  }
}

function codeOf(error: unknown): string {
  return HoldfastError.from(error).code;
}

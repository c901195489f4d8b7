import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HoldfastError } from '../../src/core/errors.ts';
import type { EngineObjectStore } from '../../src/objects/engine/engine-object-store.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { DiskRange } from '../support/disk-memory.ts';
import { FaultyDisk, faultyDiskObstacle } from '../support/faulty-disk.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { contentOf, storeSizes } from './object-engine-history.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const DISK_BYTES = 384 * 2 ** 20;
const FILE_SYSTEMS = ['ext4', 'xfs'] as const;
/** Ends an object of this size and what is around it in one batch of 16 blocks. */
const SIXTEEN_BLOCKS = 60_000;

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`faults of the disk${needs}`, () => {
  test.each(FILE_SYSTEMS)(
    'on %s, of a journal write that failed once nobody is told that it is there, and the next takes its place',
    async (fileSystem) => {
      await using bed = await Bed.create(fileSystem);
      await bed.put('before');
      await bed.failWrites(await bed.journalSegment(1), 1);
      expect(await bed.outcome('lost')).toBe('journal.failed');
      expect(await bed.disk.tell({ type: 'failed' })).toBe(1);
      expect(await bed.read('before')).toBe('whole');
      expect(await bed.read('lost')).toBe('object.not-found');

      await bed.put('after');
      await bed.powerCut();
      expect(await bed.readAll('before', 'after', 'lost')).toEqual(['whole', 'whole', 'object.not-found']);
    },
  );

  test.each(FILE_SYSTEMS)(
    'on %s, what only the memory of the system has is made durable by the next start',
    async (fileSystem) => {
      await using bed = await Bed.create(fileSystem);
      await bed.put('before');
      await bed.failWrites(await bed.journalSegment(1), 1);
      expect(await bed.outcome('unknown')).toBe('journal.failed');
      await bed.restart();
      const found = await bed.read('unknown');
      await bed.put('after');
      await bed.powerCut();
      expect(await bed.readAll('before', 'unknown', 'after')).toEqual(['whole', found, 'whole']);
    },
  );

  test('a segment that could not be ended is ended by the next write, or by the next start', async () => {
    await using bed = await Bed.create('ext4');
    for (const [segment, isRestarted] of [
      [1, false],
      [2, true],
    ] as const) {
      const keys = Array.from({ length: segment === 1 ? 15 : 14 }, (_, number) => `${segment}-${number}`);
      for (const key of keys) await bed.put(key, SIXTEEN_BLOCKS);
      await bed.failWrites(await bed.journalSegment(segment), 1);
      expect(await bed.outcome('unknown', SIXTEEN_BLOCKS)).toBe('journal.failed');
      expect(await bed.disk.tell({ type: 'failed' })).toBe(1);
      if (isRestarted) await bed.restart();
      await bed.put('after', SIXTEEN_BLOCKS);
      await bed.powerCut();
      expect(new Set(await bed.readAll(...keys, 'after'))).toEqual(new Set(['whole']));
    }
  });
});

/** A store on a disk whose faults are chosen. */
class Bed implements AsyncDisposable {
  readonly disk: FaultyDisk;
  readonly #stack: AsyncDisposableStack;
  #store: EngineObjectStore;

  private constructor(disk: FaultyDisk, stack: AsyncDisposableStack, store: EngineObjectStore) {
    this.disk = disk;
    this.#stack = stack;
    this.#store = store;
  }

  static async create(fileSystem: 'ext4' | 'xfs'): Promise<Bed> {
    await using making = new AsyncDisposableStack();
    const { path: directory } = making.use(await temporaryDirectory());
    const disk = making.use(await FaultyDisk.create({ directory, bytes: DISK_BYTES, fileSystem }));
    await disk.mount();
    const store = await openEngine({ directory: join(disk.path, 'store'), ...storeSizes });
    await store.createBucket('data');
    return new Bed(disk, making.move(), store);
  }

  get #directory(): string {
    return join(this.disk.path, 'store');
  }

  async put(key: string, size = 5000): Promise<void> {
    await this.#store.put({ bucket: 'data', key, body: contentOf(key.length, size), metadata });
  }

  /** The code of the error. */
  async outcome(key: string, size?: number): Promise<string> {
    return this.put(key, size).then(() => 'done', codeOf);
  }

  /** `whole`, or the code of the error. */
  async read(key: string): Promise<string> {
    try {
      const object = await this.#store.open('data', key);
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
    const directory = join(this.#directory, 'journal');
    const names = (await readdir(directory)).filter((name) => name.endsWith('.journal')).sort();
    const name = names.find((name) => Number.parseInt(name, 10) === sequence);
    if (!name) throw new Error(`no segment ${sequence} of ${names}`);
    return this.disk.extents(join(directory, name));
  }

  async failWrites(writesTo: readonly DiskRange[], writes: number): Promise<void> {
    await this.disk.fail({ writeError: 'EIO', writesTo, writes });
  }

  async restart(): Promise<void> {
    await this.#store.close();
    this.#store = await openEngine({ directory: this.#directory, ...storeSizes });
  }

  /** And starts again. */
  async powerCut(): Promise<void> {
    await this.disk.tell({ type: 'faults', faults: { writeError: 'EIO' } });
    await this.#store.close().catch(() => {});
    await this.disk.powerCut();
    await this.disk.mount();
    await beginOtherLife(this.#directory);
    this.#store = await openEngine({ directory: this.#directory, ...storeSizes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk.fail({});
    await this.#store.close().catch(() => {});
    await this.#stack.disposeAsync();
  }
}

function codeOf(error: unknown): string {
  return HoldfastError.from(error).code;
}

import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { INDEX_FILE } from '../../src/objects/engine/catalog/index-file.ts';
import { faultyDiskObstacle } from '../support/faulty-disk.ts';
import { StoreOnFaultyDisk } from './object-engine-faulty-store.ts';

const FILE_SYSTEMS = ['ext4', 'xfs'] as const;
/** Ends an object of this size and what is around it in one batch of 16 blocks. */
const SIXTEEN_BLOCKS = 60_000;
const MANY = 2000;
const MORE = 200;
/** LMDB's own, which it reads otherwise. */
const INDEX_HEAD_BYTES = 8192;
const READER = join(import.meta.dirname, 'object-engine-reader-victim.ts');

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`faults of the disk${needs}`, () => {
  test.each(FILE_SYSTEMS)(
    'on %s, of a journal write that failed once nobody is told that it is there, and the next takes its place',
    async (fileSystem) => {
      await using bed = await StoreOnFaultyDisk.create(fileSystem);
      await bed.put('before');
      await bed.failWrites(await bed.journalSegment(1), 1);
      expect(await bed.outcome('lost')).toBe('journal.failed');
      expect(await bed.disk.failedWrites()).toBe(1);
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
      await using bed = await StoreOnFaultyDisk.create(fileSystem);
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
    await using bed = await StoreOnFaultyDisk.create('ext4');
    for (const [segment, isRestarted] of [
      [1, false],
      [2, true],
    ] as const) {
      const keys = Array.from({ length: segment === 1 ? 15 : 14 }, (_, number) => `${segment}-${number}`);
      for (const key of keys) await bed.put(key, SIXTEEN_BLOCKS);
      await bed.failWrites(await bed.journalSegment(segment), 1);
      expect(await bed.outcome('unknown', SIXTEEN_BLOCKS)).toBe('journal.failed');
      expect(await bed.disk.failedWrites()).toBe(1);
      if (isRestarted) await bed.restart();
      await bed.put('after', SIXTEEN_BLOCKS);
      await bed.powerCut();
      expect(new Set(await bed.readAll(...keys, 'after'))).toEqual(new Set(['whole']));
    }
  });

  /** Five objects of two blocks each, behind one block that makes the bucket. */
  test.each([
    ['that nothing was written to', 40, ['whole', 'whole', 'whole', 'whole', 'whole']],
    ['with a batch that the index knows', 5, ['whole', 'whole', 'object.damaged', 'whole', 'whole']],
    ['with the last of what the index knows', 10, ['whole', 'whole', 'whole', 'whole', 'object.damaged']],
  ] as const)('a bad sector of the journal %s costs what was there, and no more', async (_what, block, found) => {
    await using bed = await StoreOnFaultyDisk.create('ext4');
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await bed.put(key);
    await bed.breakSectors(await bed.blocksOfSegment(1, block));
    await bed.open();
    expect(await bed.readAll(...keys)).toEqual(found);
    await bed.put('after');
    await bed.restart();
    expect(await bed.readAll(...keys, 'after')).toEqual([...found, 'whole']);
  });

  test('a bad sector where there may be something that the index does not know refuses to open, until it is read again', async () => {
    await using bed = await StoreOnFaultyDisk.create('ext4');
    const keys = ['a', 'b', 'c'];
    for (const key of keys) await bed.put(key);
    const badSectors = await bed.blocksOfSegment(1, 5);
    await bed.close();
    await rm(join(bed.directory, 'index'), { recursive: true });
    await bed.breakSectors(badSectors);
    await expect(bed.open()).rejects.toMatchObject({
      code: 'journal.corrupt',
      message: expect.stringContaining('cannot be read at byte 20480'),
    });
    await bed.disk.fail({});
    await bed.open();
    expect(await bed.readAll(...keys)).toEqual(['whole', 'whole', 'whole']);
  });

  test('of a session mark that cannot be read nothing good is believed', async () => {
    await using bed = await StoreOnFaultyDisk.create('ext4');
    await bed.put('a');
    const mark = await bed.extents('session');
    const orphan = join(bed.directory, 'files', '00', '00000000000001');
    await mkdir(dirname(orphan), { recursive: true });
    await writeFile(orphan, 'of a crash');
    await bed.breakSectors(mark);
    await bed.open();
    expect(await bed.readAll('a')).toEqual(['whole']);
    await expect(readFile(orphan)).rejects.toMatchObject({ code: 'ENOENT' });
    await bed.restart();
    expect(await bed.readAll('a')).toEqual(['whole']);
  });

  test('a store.json that cannot be read is told, and left as it is', async () => {
    await using bed = await StoreOnFaultyDisk.create('ext4');
    await bed.put('a');
    await bed.breakSectors(await bed.extents('store.json'));
    await expect(bed.open()).rejects.toMatchObject({ code: 'store.damaged' });
    await bed.disk.fail({});
    await bed.open();
    expect(await bed.readAll('a')).toEqual(['whole']);
  });

  test('an index with bad sectors is built again before it can kill the process, though it was closed well', async () => {
    await using bed = await StoreOnFaultyDisk.create('ext4');
    await putMany(bed);
    const [head, ...rest] = await bed.extents(`index/${INDEX_FILE}`);
    if (!head) throw new Error('the index is nowhere');
    await bed.breakSectors([{ ...head, start: head.start + INDEX_HEAD_BYTES }, ...rest]);
    expect(await readInProcess(bed.directory)).toBe(String(MANY));
  });

  test('an index of which the disk has failed to take a part is built again', async () => {
    await using bed = await StoreOnFaultyDisk.create('xfs');
    await putMany(bed);
    await exec(['sync', join(bed.directory, `index/${INDEX_FILE}`)]);
    const [head, ...rest] = await bed.extents(`index/${INDEX_FILE}`);
    if (!head) throw new Error('the index is nowhere');
    await bed.failWrites([{ ...head, start: head.start + INDEX_HEAD_BYTES }, ...rest]);
    await putMany(bed, { from: MANY, count: MORE });
    await expect(bed.close()).rejects.toMatchObject({ code: 'EIO' });
    await bed.breakSectors([]);
    expect(await readInProcess(bed.directory)).toBe(String(MANY + MORE));
  });
});

async function putMany(bed: StoreOnFaultyDisk, { from, count } = { from: 0, count: MANY }): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, number) => bed.put(`key-${from + number}`, 100)));
  await bed.store.settle();
}

/** How many objects a process reads, or the signal that kills it. */
async function readInProcess(directory: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, [READER, directory], (error, said) => resolve(error?.signal ?? said));
  return promise;
}

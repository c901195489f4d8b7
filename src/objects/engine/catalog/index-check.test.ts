import { copyFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstBelow, flipBit, rootOf } from '../../../../tests/support/index-pages.ts';
import { findIndexDamage } from './index-check.ts';
import { INDEX_FILE, IndexFile } from './index-file.ts';

let directory: string;
let path: string;
let root: number;
let below: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-index-'));
  path = join(directory, INDEX_FILE);
  const index = IndexFile.open(directory);
  for (let round = 0; round < 20; round++) {
    const entries = Array.from({ length: 400 }, (_, i) => {
      const size = i % 40 === 0 ? 9000 : 30 + ((i * round) % 200); // some on pages of their own
      return [`key ${i * 7 + (round % 3)}`, i % 9 === round % 9 ? undefined : Buffer.alloc(size, round)] as const;
    });
    await index.write(entries);
  }
  await index.close();
  root = await rootOf(path);
  below = await firstBelow(path);
});
afterAll(() => rm(directory, { recursive: true }));

/** What is found in a copy of the file that `damage` has had. */
async function found(damage: (copy: string) => Promise<void>): Promise<string | undefined> {
  const copy = join(directory, 'copy.mdb');
  await copyFile(path, copy);
  await damage(copy);
  return findIndexDamage(copy);
}

test('an index that LMDB has written is whole, and so is one that is not there yet', async () => {
  expect(await findIndexDamage(path)).toBeUndefined();
  expect(await findIndexDamage(join(directory, 'none.mdb'))).toBeUndefined();
  await writeFile(join(directory, 'empty.mdb'), '');
  expect(await findIndexDamage(join(directory, 'empty.mdb'))).toBeUndefined();
});

const META = 24;
/** Which bit is turned over; the sixth unless said. */
const BITS: Readonly<Record<string, number>> = { 'how the file is to be read': 5 };
const PAGES = {
  'the magic number': () => META,
  'the page size': () => META + 25,
  'the depth of the tree': () => META + 78,
  'the flags of the tree': () => META + 76,
  'how the file is to be read': () => META + 29,
  'the number of leaves': () => META + 88,
  'the number of an inner page': () => root + 1,
  'the transaction of an inner page': () => root + 15,
  'the kind of an inner page': () => root + 18,
  'the bounds of an inner page': () => root + 21,
  'a node of an inner page': () => root + 25,
  'the number of a leaf': () => below,
  'a node of a leaf': () => below + 25,
};

test.each(Object.entries(PAGES))('damage is found: %s', async (what, offset) => {
  const flip = async (copy: string) => {
    const bit = BITS[what] ?? 6;
    await flipBit(copy, offset(), bit);
    if (offset() < 4096) await flipBit(copy, offset() + 4096, bit); // the one of both that counts is among them
  };
  expect(await found(flip)).toEqual(expect.any(String));
});

test('a value that has changed is found where values have checksums', async () => {
  const copy = join(directory, 'copy.mdb');
  await copyFile(path, copy);
  expect(await findIndexDamage(copy, { isChecked: true })).toBeUndefined();
  await flipBit(copy, below + 4088); // in the entry at its end
  expect(await findIndexDamage(copy, { isChecked: true })).toBe('a value is not what was written');
});

test('with no time to look at all of it inner pages are looked at first', async () => {
  const late = { budgetMs: -1 };
  expect(await findIndexDamage(path, late)).toBeUndefined();
  const copy = join(directory, 'copy.mdb');
  await copyFile(path, copy);
  await flipBit(copy, below);
  expect(await findIndexDamage(copy, late)).toBeUndefined();
});

test('an index that is too short is damaged', async () => {
  expect(await found((copy) => truncate(copy, below))).toBe('the file is too short');
});

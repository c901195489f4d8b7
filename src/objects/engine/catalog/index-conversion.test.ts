import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { diskFull } from '../disk-room.ts';
import { convertEarlierIndex, indexFileIn } from './index-conversion.ts';
import { EARLIER_INDEX_FILE, INDEX_FILE, IndexFile } from './index-file.ts';

/** More than are copied at once. */
const ENTRIES = Array.from({ length: 9000 }, (_, i) => [`key ${i}`, Buffer.from(`value ${i}`)] as const);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-index-'));
  await fill(EARLIER_INDEX_FILE, ENTRIES);
});
afterEach(() => rm(directory, { recursive: true }));

async function fill(name: string, entries: readonly (readonly [string, Buffer])[]): Promise<void> {
  const file = IndexFile.open(directory, name);
  await file.write(entries);
  await file.close();
}

async function current(): Promise<readonly (readonly [string, string])[]> {
  const file = IndexFile.open(directory, await indexFileIn(directory));
  const entries = [...file.range({ start: '', end: '\u00ff' })].map(({ key, value }) => [key, `${value}`] as const);
  await file.close();
  return entries.sort();
}

const all = ENTRIES.map(([key, value]) => [key, `${value}`] as const).toSorted();

test('an earlier index becomes one with checksums, and goes', async () => {
  expect(await convertEarlierIndex(directory)).toBe(true);
  expect(await readdir(directory)).not.toContain(EARLIER_INDEX_FILE);
  expect(await current()).toEqual(all);
  expect(await convertEarlierIndex(directory)).toBe(false);
});

test('where an earlier version has gone on since, its index counts', async () => {
  await fill(INDEX_FILE, [['key of before', Buffer.from('old')]]);
  expect(await convertEarlierIndex(directory)).toBe(true);
  expect(await current()).toEqual(all);
});

test('without room for another one the earlier index is used as it is', async () => {
  vi.spyOn(IndexFile.prototype, 'write').mockRejectedValueOnce(diskFull(directory));
  expect(await convertEarlierIndex(directory)).toBe(false);
  expect(await readdir(directory)).not.toContain(INDEX_FILE);
  expect(await current()).toEqual(all);
});

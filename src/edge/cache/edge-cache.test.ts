import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { createLogger } from '../../core/log.ts';
import { type CachedBody, cacheId, EdgeCache } from './edge-cache.ts';

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory[Symbol.asyncDispose]());

async function openCache(maxBytes = 2 ** 20): Promise<EdgeCache> {
  const cache = new EdgeCache({ directory: directory.path, maxBytes, log: createLogger('edge', 'silent') });
  await cache.ready;
  return cache;
}

const ID = cacheId('a.example', '/x', undefined);
const of = (content: string) =>
  async function* () {
    for (const part of content.match(/.{1,1000}/gs) ?? []) yield Buffer.from(part);
  };
const put = (cache: EdgeCache, content: string, validator = 'one', id = ID) => cache.put(id, validator, of(content));

async function read(cache: EdgeCache, body: CachedBody | undefined, start?: number, end?: number) {
  const bytes = body && (await cache.read(body, start, end));
  return Buffer.isBuffer(bytes) ? bytes.toString() : bytes && (await text(bytes));
}

test.each([0, 10, 500_000])('a body of %i bytes is kept, whole and in parts', async (size) => {
  const cache = await openCache(2 ** 23);
  const content = 'abcdefghij'.repeat(size / 10);
  const kept = await put(cache, content);
  expect(kept).toEqual({ id: ID, validator: 'one', size });
  for (let i = 0; i < 2; i++) {
    expect(await cache.find(ID)).toEqual(kept);
    expect(await read(cache, kept)).toBe(content);
    if (size > 0) expect(await read(cache, kept, 3, 7)).toBe('defgh');
  }
});

test('it survives a restart, and what is left of unfinished writes does not', async () => {
  await put(await openCache(), 'content');
  await writeFile(join(directory.path, `${ID}-0123456789abcdef.1-1.tmp`), 'half');
  const cache = await openCache();
  expect(await read(cache, await cache.find(ID))).toBe('content');
  expect(cache.bytes).toBeGreaterThan(0);
  expect(await readdir(directory.path)).toHaveLength(1);
});

test.each([
  ['cut short', (path: string, size: number) => truncate(path, size - 1)],
  ['empty', (path: string) => truncate(path, 0)],
  ['full of zeros', (path: string, size: number) => writeFile(path, Buffer.alloc(size))],
  ['of another object', (path: string, _size: number, whole: Buffer) => writeFile(path, swapped(whole))],
  ['changed in one byte', (path: string, _size: number, whole: Buffer) => writeFile(path, flipped(whole))],
])('a file that a power cut left %s is thrown away', async (_how, harm) => {
  await put(await openCache(), 'some content');
  const [name = ''] = await readdir(directory.path);
  const path = join(directory.path, name);
  const whole = await readFile(path);
  await harm(path, whole.length, whole);
  const cache = await openCache();
  expect(await cache.find(ID)).toBeUndefined();
  expect(await readdir(directory.path)).toEqual([]);
});

function flipped(whole: Buffer): Buffer {
  const changed = Buffer.from(whole);
  changed[3] = (changed[3] ?? 0) ^ 1;
  return changed;
}

function swapped(whole: Buffer): Buffer {
  const changed = Buffer.from(whole);
  changed.write('two', 'some content'.length);
  return changed;
}

test('a reader of one state never meets the bytes of the next', async () => {
  const cache = await openCache();
  const one = await put(cache, 'state one', 'one');
  const two = await put(cache, 'state two', 'two');
  expect([undefined, 'state one']).toContain(await read(cache, one));
  expect(await cache.find(ID)).toEqual(two);
  expect(await read(cache, two)).toBe('state two');
  expect(await readdir(directory.path)).toHaveLength(1);
});

test('a body that fails leaves nothing, and what was there before', async () => {
  const cache = await openCache();
  await put(cache, 'before', 'one');
  const failing = cache.put(ID, 'two', async function* () {
    yield Buffer.from('half');
    throw new Error('the origin has ended');
  });
  await expect(failing).rejects.toThrow('the origin has ended');
  expect(await read(cache, await cache.find(ID))).toBe('before');
  expect(await readdir(directory.path)).toHaveLength(1);
});

test('the disk holds no more than it may, also after a restart with less', async () => {
  const cache = await openCache(100_000);
  for (let i = 0; i < 50; i++) await put(cache, 'x'.repeat(5000), 'one', cacheId('a', `/${i}`, undefined));
  expect(cache.bytes).toBeLessThanOrEqual(100_000);
  const files = (await readdir(directory.path)).length;
  expect(files).toBeGreaterThan(10);
  expect(files).toBeLessThanOrEqual(20);
  const smaller = await openCache(20_000);
  expect(smaller.bytes).toBeLessThanOrEqual(20_000);
  expect((await readdir(directory.path)).length).toBeLessThan(5);
  expect([smaller.accepts(2500), smaller.accepts(2501), cache.accepts(9 * 2 ** 20)]).toEqual([true, false, false]);
});

test('a file that somebody removed is a miss', async () => {
  const cache = await openCache();
  const kept = await put(cache, 'y'.repeat(200_000));
  const [name = ''] = await readdir(directory.path);
  await rm(join(directory.path, name));
  expect(kept && (await cache.read(kept))).toBeUndefined();
  expect(await cache.find(ID)).toBeUndefined();
});

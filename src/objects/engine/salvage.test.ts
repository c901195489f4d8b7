import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { flipBit } from '../../../tests/support/index-pages.ts';
import { Keyring } from '../../core/keyring.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { Segment } from './journal/segment.ts';
import { type ObjectStoreOptions, openEngine } from './open-object-store.ts';

/** What becomes of a store whose journal is damaged where nothing else knows what was there. */

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 64 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const BLOCK = 4096;

let directory: string;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-salvage-'));
  store = await openEngine({ directory, ...sizes });
  await store.createBucket('data');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const put = (key: string, bytes: number) =>
  store.put({ bucket: 'data', key, body: Buffer.alloc(bytes, key), metadata });
const fill = async (key: string, times: number) => {
  for (let i = 0; i < times; i++) await put(key, 60_000);
};
const segment = (number: number) => join(directory, 'journal', `${String(number).padStart(12, '0')}.journal`);
const segments = async () => (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal'));
const flip = (path: string, offset: number) => flipBit(path, offset);

async function read(key: string): Promise<string> {
  const object = await store.open('data', key);
  const bytes = Buffer.concat(await Array.fromAsync(object.body()));
  object.release();
  return bytes.toString('utf8', 0, 1);
}

async function reopen({ rebuild = false } = {}): Promise<void> {
  await store.close();
  if (rebuild) await rm(join(directory, 'index'), { recursive: true });
  store = await openEngine({ directory, ...sizes });
}

/** As an operator does who has no backup. */
const agree = () => writeFile(join(directory, 'salvage'), '');
const lost = async () => JSON.parse(await readFile(join(directory, 'damaged', 'lost.json'), 'utf8'));
const keysOf = async () => (await store.list({ bucket: 'data', limit: 1000 })).objects.map(({ key }) => key);

async function rebuilt({ damage }: { readonly damage: () => Promise<unknown> }): Promise<void> {
  await store.close();
  await damage();
  await rm(join(directory, 'index'), { recursive: true });
  const hint = expect.stringContaining(`touch ${join(directory, 'salvage')}`);
  await expect(openEngine({ directory, ...sizes })).rejects.toMatchObject({ code: 'journal.corrupt', hint });
  await agree();
  store = await openEngine({ directory, ...sizes });
}

test('a rebuild that meets damage refuses, and goes on without what is lost for who wants it', async () => {
  for (const key of ['a', 'b', 'c']) await put(key, 1000);
  await rebuilt({ damage: () => flip(segment(1), 2 * BLOCK + 500) });
  expect(await keysOf()).toEqual(['a', 'c']);
  expect(await lost()).toMatchObject({
    segments: [{ segment: '000000000001.journal', lost: [{ from: 2 * BLOCK, objects: [{ key: 'b' }] }] }],
  });
  expect(await readdir(join(directory, 'damaged'))).toContain('000000000001.journal');

  await put('d', 1000);
  await reopen();
  expect([await keysOf(), await read('a'), await read('d')]).toEqual([['a', 'c', 'd'], 'a', 'd']);
  await store.settle();
  await reopen({ rebuild: true }); // the damaged segment is gone by now
  expect(await keysOf()).toEqual(['a', 'c', 'd']);
});

test('whatever is damaged of the segments, what is whole of all of them is kept', async () => {
  for (let i = 0; i < 30; i++) await put(`key-${i}`, 50_000);
  await rebuilt({
    damage: async () => {
      await truncate(segment(1), 5 * 16 * BLOCK); // the rest of it cannot be read
      await flip(segment(2), 3 * 13 * BLOCK + 5); // a head
      await flip(segment(3), 2 * 13 * BLOCK + 900);
    },
  });
  const kept = await keysOf();
  expect(kept.length).toBeGreaterThan(15);
  for (const key of kept) expect(await read(key)).toBe('k');
  await put('after', 50_000);
  await reopen();
  expect(await keysOf()).toEqual(['after', ...kept]);
  expect((await lost()).segments).toHaveLength(3);
});

test('nothing is removed for good that only a lost record may have named', async () => {
  await put('large', 100_000);
  await store.createBucket('others');
  await store.put({ bucket: 'others', key: 'small', body: Buffer.from('s'), metadata });
  const files = await dataFiles(directory);
  await rebuilt({
    damage: async () => {
      await flip(segment(1), BLOCK + 100); // large
      await flip(segment(1), 2 * BLOCK + 60); // the bucket `others`
    },
  });
  expect(store.buckets().map(({ name }) => name)).toEqual(['data']);
  expect(await keysOf()).toEqual([]);
  expect((await lost()).buckets).toHaveLength(1);
  await fill('x', 40);
  for (let i = 0; i < 2; i++) {
    await store.settle();
    await reopen({ rebuild: i === 1 });
    expect(await dataFiles(directory)).toEqual(expect.arrayContaining([...files]));
  }
  const journal = await Promise.all((await segments()).map((name) => readFile(join(directory, 'journal', name))));
  expect(Buffer.concat(journal).includes('small')).toBe(true);

  await store.close();
  await rm(join(directory, 'damaged'), { recursive: true });
  await rm(join(directory, 'index'), { recursive: true });
  store = await openEngine({ directory, ...sizes });
  expect(await dataFiles(directory)).toEqual([]);
});

/** The salvage cannot keep the segment, until what is given is disposed of. */
async function withoutRoomForSalvage(): Promise<AsyncDisposable> {
  const inTheWay = join(directory, 'damaged', '000000000001.journal');
  await mkdir(inTheWay, { recursive: true });
  return { [Symbol.asyncDispose]: () => rm(inTheWay, { recursive: true }) };
}

test('an index stays what it is where something else fails at a start', async () => {
  await put('a', 1000);
  await store.close();
  await cp(join(directory, 'index'), join(directory, 'index.before'), { recursive: true });
  store = await openEngine({ directory, ...sizes });
  await put('b', 1000);
  await put('c', 1000);
  await store.close();
  await flip(segment(1), BLOCK + 500); // the index knows `a`
  await flip(segment(1), 2 * BLOCK + 500);
  await rm(join(directory, 'index'), { recursive: true });
  await rename(join(directory, 'index.before'), join(directory, 'index'));
  await agree();
  {
    await using _full = await withoutRoomForSalvage();
    await expect(openEngine({ directory, ...sizes })).rejects.toThrow('EISDIR');
  }
  expect(await readdir(directory)).not.toContain('index.damaged');
  store = await openEngine({ directory, ...sizes });
  expect(await keysOf()).toEqual(['a', 'c']);
});

/** The disk gives back nothing of these bytes of the first segment. */
function unreadable(from: number, to: number): Disposable {
  const { read } = Segment.prototype;
  return vi.spyOn(Segment.prototype, 'read').mockImplementation(function (this: Segment, offset, length) {
    if (this.sequence === 1 && offset < to && offset + length > from) {
      return Promise.reject(objectErrors.damaged(this.name));
    }
    return read.call(this, offset, length);
  });
}

test('a loss is written down before the index goes past it', async () => {
  await store.close();
  await rm(directory, { recursive: true });
  const large = { ...sizes, segmentBytes: 4 * 2 ** 20 };
  store = await openEngine({ directory, ...large });
  await store.createBucket('data');
  await put('lost', 1000);
  await Promise.all(Array.from({ length: 5000 }, (_, i) => put(`key-${i}`, 10)));
  await store.close();
  await rm(join(directory, 'index'), { recursive: true });
  await agree();
  using _bad = unreadable(BLOCK, 2 * BLOCK);
  {
    await using _full = await withoutRoomForSalvage();
    await expect(openEngine({ directory, ...large })).rejects.toThrow('EISDIR');
  }
  store = await openEngine({ directory, ...large });
  expect(await lost()).toMatchObject({ segments: [{ lost: [{ from: BLOCK, to: 2 * BLOCK }] }] });
});

test('a bucket whose newest record is lost may need the master key of before', async () => {
  const [earlier, current] = [randomBytes(32), randomBytes(32)];
  const keyring = new Keyring(earlier);
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring });
  await store.createBucket('sealed');
  keyring.use(current, earlier);
  expect(await store.resealKeys()).toBe(1);
  await put('after', 10);
  await store.close();
  await flip(segment(1), 2 * BLOCK + 60); // the bucket by its new key
  await rm(join(directory, 'index'), { recursive: true });
  await agree();
  store = await openEngine({ directory, ...sizes, keyring: new Keyring(current) });
  expect(store.lostKeys).toEqual(['sealed']);
  expect(await store.resealKeys()).toBe(1);
  expect(await read('after')).toBe('a');
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring });
  expect(store.lostKeys).toEqual([]);
  expect(await store.resealKeys()).toBe(2);
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring: new Keyring(current) });
  expect(store.buckets().map(({ name }) => name)).toEqual(['data', 'sealed']);
});

const LOST = { code: 'bucket.key-lost', hint: expect.stringContaining('second line') };
const keyring = new Keyring(randomBytes(32));
const textIn = (bucket: string, key: string) => ({ bucket, key, body: Buffer.from('secret'), metadata });

/** Opens the store as an operator does who has lost a record of `data` that has its key, at `offset` of the first segment. */
async function openWithout(offset: number, options: Partial<ObjectStoreOptions>): Promise<void> {
  await store.close();
  await flip(segment(1), offset);
  await rm(join(directory, 'index'), { recursive: true });
  await agree();
  store = await openEngine({ directory, ...sizes, ...options });
}

/** Nothing that the lost key has sealed can be read, written over or removed, and no other key is made. */
async function expectLost(): Promise<void> {
  const { uploads } = await store.listUploads({ bucket: 'data', limit: 1 });
  const upload = { bucket: 'data', key: 'begun', uploadId: uploads[0]?.uploadId ?? '' };
  const part = { ...upload, partNumber: 1, body: Buffer.from('p') };
  const refused = [
    () => store.open('data', 'a'),
    () => store.put(textIn('data', 'a')),
    () => store.put(textIn('data', 'new')),
    () => store.remove('data', 'a'),
    () => store.copy({ source: { bucket: 'data', key: 'a' }, target: { bucket: 'other', key: 'a' } }),
    () => store.copy({ source: { bucket: 'other', key: 'b' }, target: { bucket: 'data', key: 'b' } }),
    () => store.createUpload('data', 'late', metadata),
    () => store.putPart(part),
    () => store.abortUpload(upload),
  ];
  for (const request of refused) await expect(request()).rejects.toMatchObject(LOST);
  await expectLostInFork();
  await store.updateBucket('data', { versioning: 'suspended' });
  await expect(store.remove('data', 'a')).rejects.toMatchObject(LOST); // its marker would take the place of the version
  expect((await store.list({ bucket: 'data', limit: 10 })).objects.map(({ key }) => key)).toEqual(['a', 'plain']);
  expect(await store.head('data', 'a')).toMatchObject({ size: 6, encryption: 'managed' });
  expect(await read('plain')).toBe('p');
  expect((await store.open('other', 'b')).bytes?.toString()).toBe('secret');
  await store.put(textIn('other', 'c'));
}

/** It shows what its base has, and has no other key. */
async function expectLostInFork(): Promise<void> {
  await store.createBucket('fork', { from: { bucket: 'data' } });
  for (const key of ['a', 'new']) await expect(store.put(textIn('fork', key))).rejects.toMatchObject(LOST);
  await expect(store.open('fork', 'a')).rejects.toMatchObject(LOST);
  await expect(store.remove('fork', 'a')).rejects.toMatchObject(LOST);
  await store.deleteBucket('fork');
}

/** Of a bucket of before encryption, an object and an upload that are encrypted. */
async function writeSealed(): Promise<void> {
  await put('plain', 10);
  await store.createBucket('other');
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring });
  await store.put(textIn('data', 'a'));
  await store.createUpload('data', 'begun', metadata);
  await store.put(textIn('other', 'b'));
}

test('a bucket whose first key was in a record that is lost refuses what that has sealed; all else is served', async () => {
  await writeSealed();
  await openWithout(3 * BLOCK + 60, { keyring });
  await expectLost();
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring });
  await expectLost();
  await store.deleteBucket('data', { force: true });
  expect(store.bucket('data')).toBeUndefined();
});

test('a bucket whose key an earlier master key has sealed refuses likewise, until that one is there', async () => {
  const [earlier, current] = [randomBytes(32), randomBytes(32)];
  const both = new Keyring(earlier);
  await put('plain', 10);
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring: both });
  await store.put(textIn('data', 'a'));
  await store.createUpload('data', 'begun', metadata);
  both.use(current, earlier);
  await store.resealKeys();
  await store.createBucket('other');
  await store.put(textIn('other', 'b'));
  await openWithout(5 * BLOCK + 60, { keyring: new Keyring(current) });
  await expectLost();
  await store.close();
  store = await openEngine({ directory, ...sizes, keyring: both });
  expect((await store.open('data', 'a')).bytes?.toString()).toBe('secret');
  await store.remove('data', 'a');
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flipBit, rootOf } from '../../../tests/support/index-pages.ts';
import { INDEX_FILE } from './catalog/index-file.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

/** Keys of the index that are not what was written: what they hide may not be told to be gone. */

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 64 * 2 ** 10, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };

let directory: string;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-damaged-keys-'));
  store = await openEngine({ directory, ...sizes });
  await store.createBucket('data');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const put = (key: string, bytes: number) =>
  store.put({ bucket: 'data', key, body: Buffer.alloc(bytes, key), metadata });
const index = () => join(directory, 'index', INDEX_FILE);

async function reopen(): Promise<void> {
  await store.close();
  store = await openEngine({ directory, ...sizes });
}

/** Where the key of the object begins in its entry. */
async function keyOf(object: string): Promise<number> {
  const root = await rootOf(index());
  return (await readFile(index())).indexOf(object, root);
}

const LOOKS: Readonly<Record<string, (versionId: string) => Promise<unknown>>> = {
  'a look at it': () => store.head('data', 'lost'),
  'a read': () => store.open('data', 'lost'),
  'a read of the version': (versionId) => store.head('data', 'lost', { versionId }),
  'a look for it': () => store.findVersion('data', 'lost'),
  'a copy': () => store.copy({ source: { bucket: 'data', key: 'lost' }, target: { bucket: 'data', key: 'b' } }),
  'a removal': () => store.remove('data', 'lost'),
  'a write where there is to be nothing': () =>
    store.put({ bucket: 'data', key: 'lost', body: Buffer.from('x'), metadata, conditions: { ifNoneMatch: '*' } }),
};

test.each(Object.entries(LOOKS))(
  'an object whose key has changed in the index is not told to be gone: %s',
  async (_what, look) => {
    await Promise.all(['a', 'lost', 'z'].map((key) => put(key, 10)));
    const { versionId } = await store.head('data', 'lost');
    const shifts = [-5, -2, 0, 4]; // of the table, the bucket, the key, and behind it
    for (const shift of shifts) {
      for (const bit of [2, 6]) {
        await reopen();
        await flipBit(index(), (await keyOf('lost')) + shift, bit);
        await expect(look(versionId)).rejects.toMatchObject({ code: 'store.index-damaged' });
        await reopen(); // built anew, it has all in memory
      }
    }
    expect(await store.head('data', 'lost')).toMatchObject({ size: 10 });
  },
);

const PAST_LOOKS: Readonly<Record<string, (versionId: string) => Promise<unknown>>> = {
  'a look at it in a fork': () => store.head('fork', 'lost'),
  'a read of the version in a fork': (versionId) => store.head('fork', 'lost', { versionId }),
  'a removal in a fork': () => store.remove('fork', 'lost'),
  'a write into a fork where there is to be nothing': () =>
    store.put({ bucket: 'fork', key: 'lost', body: Buffer.from('x'), metadata, conditions: { ifNoneMatch: '*' } }),
  'a look at it in a snapshot': () => store.head('data', 'lost', { snapshot: 'first' }),
  'a read of the version in a snapshot': (versionId) => store.head('data', 'lost', { versionId, snapshot: 'first' }),
};

test.each(Object.entries(PAST_LOOKS))(
  'an object of a snapshot whose key has changed in the index is not told to be gone: %s',
  async (_what, look) => {
    await store.updateBucket('data', { versioning: 'enabled' });
    await Promise.all(['a', 'lost', 'z'].map((key) => put(key, 10)));
    const { versionId } = await store.head('data', 'lost');
    await store.createSnapshot('data', { name: 'first' });
    await store.createBucket('fork', { from: { bucket: 'data' }, versioning: 'enabled' });
    const remove = () => store.remove('data', 'lost', { versionId });
    for (const change of [async () => {}, remove]) {
      await change(); // the snapshot alone has it then
      for (const shift of [-5, -2, 0, 4]) {
        await reopen();
        await flipBit(index(), (await keyOf('lost')) + shift, 2);
        await expect(look(versionId)).rejects.toMatchObject({ code: 'store.index-damaged' });
        await reopen();
      }
    }
    expect(await store.head('fork', 'lost')).toMatchObject({ size: 10 });
  },
);

test('a version whose key has changed is not told to be an older one', async () => {
  await store.updateBucket('data', { versioning: 'enabled' });
  await put('lost', 10);
  const { versionId } = await put('lost', 20);
  for (const bit of [0, 1, 4, 7]) {
    for (const ref of [{}, { versionId }]) {
      await reopen();
      await flipBit(index(), await keyOf('lost'), bit); // the newest is the first
      await expect(store.head('data', 'lost', ref)).rejects.toMatchObject({ code: 'store.index-damaged' });
      await reopen();
      expect(await store.head('data', 'lost', ref)).toMatchObject({ size: 20, versionId });
    }
  }
});

test('a listing does not end at a key that has changed, and no bucket goes that seems to be empty', async () => {
  await Promise.all(['lost', 'z'].map((key) => put(key, 10)));
  const looks = [
    () => store.list({ bucket: 'data', limit: 10 }),
    () => store.listVersions({ bucket: 'data', limit: 10 }),
    () => store.checkIntegrity({ maxBytes: 2 ** 30 }),
    () => store.deleteBucket('data'),
  ];
  for (const look of looks) {
    for (const shift of [-5, -2]) {
      await reopen();
      await flipBit(index(), (await keyOf('lost')) + shift, 2);
      await expect(look()).rejects.toMatchObject({ code: 'store.index-damaged' });
    }
  }
});

/** What the request answers, unless it says that the index is damaged. */
async function answered<T>(request: Promise<T>): Promise<T | undefined> {
  return request.catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'store.index-damaged' });
    return undefined;
  });
}

test('what a changed key of an inner page hides is not told to be gone', async () => {
  const keys = Array.from({ length: 300 }, (_, i) => `key-${i}`).sort();
  for (const key of keys) await put(key, 10);
  await store.close();
  const root = await rootOf(index());
  const bytes = await readFile(index());
  const key = root + 24 + bytes.readUInt16LE(root + 24 + 2) + 8; // of the second node
  let told = 0;
  for (const [at, bit] of [
    [5, 1],
    [9, 0],
    [9, 1],
    [9, 2],
    [10, 0],
    [10, 3],
  ] as const) {
    const damaged = Buffer.from(bytes);
    damaged[key + at] = (damaged[key + at] ?? 0) ^ (1 << bit);
    await writeFile(index(), damaged);
    store = await openEngine({ directory, ...sizes });
    for (const [i, one] of keys.entries()) {
      const page = await answered(store.list({ bucket: 'data', after: one, limit: 3 }));
      if (page) expect(page.objects.map(({ key }) => key)).toEqual(keys.slice(i + 1, i + 4));
      const info = await answered(store.head('data', one));
      if (!page) told++;
      if (!info) told++;
    }
    await store.close();
  }
  expect(told).toBeGreaterThan(0);
  store = await openEngine({ directory, ...sizes });
});

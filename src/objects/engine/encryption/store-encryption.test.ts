import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFiles } from '../../../../tests/support/data-files.ts';
import { Keyring } from '../../../core/keyring.ts';
import type { EngineObjectStore } from '../engine-object-store.ts';
import { type ObjectStoreOptions, openEngine } from '../open-object-store.ts';

const options = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 100 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const masterKey = randomBytes(32);
const keyring = new Keyring(masterKey);
const customerKey = randomBytes(32);
/** Stands in every object: on the disk it must stand nowhere. */
const SECRET = 'nobody-else-may-read-this';
const LARGE = 300_000;

let directory: string;
let store: EngineObjectStore;

const open = (more: Partial<ObjectStoreOptions> = {}) => openEngine({ directory, ...options, keyring, ...more });

async function reopen({ rebuild = false, ...more }: Partial<ObjectStoreOptions> & { rebuild?: boolean } = {}) {
  await store.close();
  if (rebuild) await rm(join(directory, 'index'), { recursive: true });
  store = await open(more);
}

function contentOf(name: string, size = 20_000): Buffer {
  return Buffer.concat([Buffer.from(name), Buffer.alloc(size, SECRET)]);
}

async function* body(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

const put = (key: string, size?: number, more: object = {}) =>
  store.put({ bucket: 'data', key, body: body(contentOf(key, size)), metadata, ...more });

async function multipart(key: string, parts: readonly Buffer[], more: { customerKey?: Buffer } = {}) {
  const { uploadId } = await store.createUpload('data', key, metadata, more);
  const upload = { bucket: 'data', key, uploadId };
  const done = [];
  for (const [i, part] of parts.entries()) {
    done.push(await store.putPart({ ...upload, partNumber: i + 1, body: body(part), ...more }));
  }
  return store.completeUpload({ ...upload, parts: done });
}

async function read(key: string, more: { customerKey?: Buffer } = {}, bucket = 'data'): Promise<Buffer> {
  const object = await store.open(bucket, key, more);
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body()) chunks.push(chunk);
  object.release();
  return Buffer.concat(chunks);
}

/** What lies on the disk of large objects. */
const bodiesOnDisk = async () => {
  const paths = await dataFiles(directory);
  return Promise.all(paths.toSorted().map(async (path) => [path, await readFile(path)] as const));
};

/** Files of the store that the text stands in. */
async function filesWith(text: string | Buffer): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-encryption-'));
  store = await open();
  await store.createBucket('data');
  await store.createBucket('other');
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

test('the bytes of objects are nowhere on the disk, and come back after restarts and a lost index', async () => {
  await put('inline');
  await put('large', LARGE);
  await multipart('parts', [contentOf('one', LARGE), contentOf('two', 10)]);
  await put('guarded', LARGE, { customerKey });
  for (const key of ['inline', 'large', 'parts']) {
    await store.copy({ source: { bucket: 'data', key }, target: { bucket: 'other', key: `copy of ${key}` } });
  }
  await store.copy({
    source: { bucket: 'data', key: 'guarded', customerKey },
    target: { bucket: 'other', key: 'free' },
  });
  const unfinished = await store.createUpload('data', 'unfinished', metadata);
  await store.putPart({ ...unfinished, bucket: 'data', partNumber: 1, body: body(contentOf('part', LARGE)) });

  for (const rebuild of [false, true]) {
    await reopen({ rebuild });
    expect(await filesWith(SECRET)).toEqual([]);
    expect(await filesWith('text/plain')).not.toEqual([]);
    expect(await read('inline')).toEqual(contentOf('inline'));
    expect(await read('large')).toEqual(contentOf('large', LARGE));
    expect(await read('parts')).toEqual(Buffer.concat([contentOf('one', LARGE), contentOf('two', 10)]));
    expect(await read('guarded', { customerKey })).toEqual(contentOf('guarded', LARGE));
    expect(await read('copy of inline', {}, 'other')).toEqual(contentOf('inline'));
    expect(await read('copy of large', {}, 'other')).toEqual(contentOf('large', LARGE));
    expect(await read('copy of parts', {}, 'other')).toHaveLength(LARGE + 16);
    expect(await read('free', {}, 'other')).toEqual(contentOf('guarded', LARGE));
  }
  await store.deleteBucket('data', { force: true });
  expect(await read('copy of large', {}, 'other')).toEqual(contentOf('large', LARGE));
});

test("a customer's key and what it would tell stand nowhere on the disk", async () => {
  const md5 = 'b1946ac92492d2347c6235b4d2611184';
  const info = await store.put({
    bucket: 'data',
    key: 'hello',
    body: body(Buffer.from('hello\n')),
    metadata,
    customerKey,
  });
  expect(info.etag).toMatch(/^[0-9a-f]{32}$/);
  expect(info.etag).not.toBe(md5);
  await store.close();
  const key = [customerKey, customerKey.toString('base64'), customerKey.toString('hex')];
  for (const text of [...key, md5, Buffer.from(md5, 'hex')]) {
    expect(await filesWith(text)).toEqual([]);
  }
  store = await open();
});

test('objects stay readable when the journal is compacted', async () => {
  for (let i = 0; i < 60; i++) await put(`fill-${i}`, 30_000);
  await put('kept');
  await put('guarded', 100, { customerKey });
  for (let i = 0; i < 60; i++) await store.remove('data', `fill-${i}`);
  for (let i = 0; i < 60; i++) await put(`again-${i % 3}`, 30_000);
  await store.settle();
  for (const rebuild of [false, true]) {
    await reopen({ rebuild });
    expect(await read('kept')).toEqual(contentOf('kept'));
    expect(await read('guarded', { customerKey })).toEqual(contentOf('guarded', 100));
    expect(await read('again-2')).toEqual(contentOf('again-2', 30_000));
  }
});

test('another master key, or none, is refused; the right one opens the store again', async () => {
  await put('large', LARGE);
  await store.close();
  for (const wrong of [new Keyring(randomBytes(32)), undefined]) {
    await expect(open({ keyring: wrong })).rejects.toMatchObject({ code: 'store.master-key' });
  }
  store = await open();
  expect(await read('large')).toEqual(contentOf('large', LARGE));
});

test('a master key that is known to be the right one opens the store, though it opens the key of no bucket', async () => {
  await put('large', LARGE);
  await reopen({ keyring: new Keyring(randomBytes(32)), isKeyringConfirmed: true });
  expect(store.lostKeys).toEqual(['data', 'other']);
  await expect(read('large')).rejects.toMatchObject({ code: 'bucket.key-lost' });
  await store.createBucket('new');
  await store.put({ bucket: 'new', key: 'a', body: Buffer.from('a'), metadata });
  await reopen();
  expect(store.lostKeys).toEqual(['new']);
  expect(await read('large')).toEqual(contentOf('large', LARGE));
});

describe('another master key', () => {
  const next = randomBytes(32);
  let ring: Keyring;

  beforeEach(async () => {
    ring = new Keyring(masterKey);
    await reopen({ keyring: ring });
  });

  test('takes the place of the one before; objects stay as they are', async () => {
    await put('inline');
    await multipart('parts', [contentOf('one', LARGE), contentOf('two', 10)]);
    await put('guarded', LARGE, { customerKey });
    await store.createSnapshot('data');
    await store.createBucket('fork', { from: { bucket: 'data' } });
    await put('inline', 100);
    const begun = await store.createUpload('data', 'begun', metadata);
    const part = await store.putPart({ ...begun, bucket: 'data', partNumber: 1, body: body(contentOf('p', LARGE)) });
    const before = await bodiesOnDisk();
    ring.use(next, masterKey);
    expect(await store.resealKeys()).toBe(3);
    expect(await bodiesOnDisk()).toEqual(before);

    await reopen({ keyring: new Keyring(next) });
    await store.completeUpload({ ...begun, bucket: 'data', parts: [part] });
    for (const rebuild of [false, true]) {
      await reopen({ keyring: new Keyring(next), rebuild });
      expect(await read('inline')).toEqual(contentOf('inline', 100));
      expect(await read('inline', {}, 'fork')).toEqual(contentOf('inline'));
      expect(await read('parts')).toHaveLength(LARGE + 16);
      expect(await read('guarded', { customerKey })).toEqual(contentOf('guarded', LARGE));
      expect(await read('begun')).toEqual(contentOf('p', LARGE));
    }
    await store.close();
    await expect(open()).rejects.toMatchObject({ code: 'store.master-key' });
    store = await open({ keyring: new Keyring(next) });
  });

  test('seals what is made and written meanwhile, too', async () => {
    await put('inline');
    const large = { documents: { policy: 'x'.repeat(200_000) } }; // so that it takes several commits
    for (let i = 0; i < 4; i++) await store.createBucket(`large-${i}`, large);
    const writes = Promise.all([
      store.createBucket('before'),
      ...Array.from({ length: 20 }, (_, i) => put(`during-${i}`, 100)),
    ]);
    ring.use(next, masterKey);
    const sealed = store.resealKeys();
    const forks = Array.from({ length: 12 }, (_, i) =>
      store.createBucket(`fork-${i}`, { from: { bucket: i % 2 ? 'data' : 'large-3' } }),
    );
    const [count] = await Promise.all([sealed, writes, ...forks]);
    expect(count).toBeGreaterThanOrEqual(7);
    await reopen({ keyring: new Keyring(next) });
    expect(store.buckets()).toHaveLength(19);
    expect(await read('during-19')).toEqual(contentOf('during-19', 100));
    expect(await read('inline', {}, 'fork-11')).toEqual(contentOf('inline'));
    await put('after', 100);
  });

  test('finds what is on its way to the disk, also where all else is sealed by it', async () => {
    ring.use(next, masterKey);
    await store.resealKeys();
    ring.use(masterKey, next);
    const late = store.createBucket('late');
    ring.use(next, masterKey);
    await Promise.all([store.resealKeys(), late]);
    await reopen({ keyring: new Keyring(next) });
    expect(store.bucket('late')).toBeDefined();
  });

  test('finds a write that began under the one before, in a bucket that had none yet', async () => {
    await store.createBucket('new');
    const { promise: rotated, resolve: release } = Promise.withResolvers<void>();
    const slow = store.put({ bucket: 'new', key: 'slow', body: bodyAfter(rotated), metadata });
    ring.use(next, masterKey);
    await store.resealKeys();
    ring.use(next);
    release();
    await slow;
    await reopen({ keyring: new Keyring(next) });
    expect(await read('slow', {}, 'new')).toEqual(contentOf('slow', LARGE));
  });

  async function* bodyAfter(moment: Promise<void>): AsyncGenerator<Uint8Array> {
    await moment;
    yield* body(contentOf('slow', LARGE));
  }

  test('is asked for again for nothing', async () => {
    await put('inline');
    ring.use(next, masterKey);
    await store.resealKeys();
    const { end } = await store.changes.subscribe('test');
    expect(await store.resealKeys()).toBe(2);
    expect((await store.changes.subscribe('test')).end).toBe(end);
  });
});

test('what was written without a key stays readable; what comes later, copies of it too, is encrypted', async () => {
  await store.close();
  await rm(directory, { recursive: true });
  store = await open({ keyring: undefined });
  await store.createBucket('data');
  await store.createBucket('other');
  await put('old', LARGE);
  await put('old inline');
  const begun = await store.createUpload('data', 'begun', metadata);
  await store.putPart({ ...begun, bucket: 'data', partNumber: 1, body: body(contentOf('first', LARGE)) });
  await expect(put('guarded', 1, { customerKey })).rejects.toMatchObject({ code: 'encryption.unavailable' });
  expect(await store.head('data', 'old')).not.toHaveProperty('encryption');

  await reopen();
  await Promise.all(['new', 'new inline', 'third'].map((key, i) => put(key, i === 0 ? LARGE : 100)));
  const second = await store.putPart({ ...begun, bucket: 'data', partNumber: 2, body: body(contentOf('second')) });
  const [first] = await store.listParts({ ...begun, bucket: 'data' });
  await store.completeUpload({
    ...begun,
    bucket: 'data',
    parts: [{ ...first, partNumber: 1, etag: first?.etag ?? '' }, second],
  });
  for (const key of ['old', 'old inline', 'begun']) {
    const copy = await store.copy({ source: { bucket: 'data', key }, target: { bucket: 'other', key } });
    const { etag, partSizes } = await store.head('data', key);
    expect(copy).toMatchObject({ etag, encryption: 'managed', ...(partSizes ? { partSizes } : {}) });
  }
  for (const rebuild of [false, true]) {
    await reopen({ rebuild });
    for (const bucket of ['data', 'other']) {
      expect(await read('old', {}, bucket)).toEqual(contentOf('old', LARGE));
      expect(await read('old inline', {}, bucket)).toEqual(contentOf('old inline'));
      expect(await read('begun', {}, bucket)).toEqual(Buffer.concat([contentOf('first', LARGE), contentOf('second')]));
    }
    expect(await read('new')).toEqual(contentOf('new', LARGE));
    expect(await store.head('data', 'new')).toMatchObject({ encryption: 'managed' });
    expect(await store.head('data', 'old')).not.toHaveProperty('encryption');
  }
  const plain = (await filesWith(SECRET)).filter((path) => path.includes('/files/'));
  expect(plain).toHaveLength(3);
  await store.deleteBucket('data', { force: true });
  await store.settle();
  await reopen();
  expect((await filesWith(SECRET)).filter((path) => path.includes('/files/'))).toEqual([]);
  expect(await read('old', {}, 'other')).toEqual(contentOf('old', LARGE));
});

test('what is on the disk is verified without a key', async () => {
  await put('inline');
  await put('large', LARGE);
  await multipart('parts', [contentOf('one', LARGE), contentOf('two', 10)], { customerKey });
  expect(await store.checkIntegrity({ maxBytes: 10 * LARGE })).toMatchObject({ objects: 3, damaged: [] });
});

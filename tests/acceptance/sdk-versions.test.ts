import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Storage, type StorageOptions } from '../../sdk/src/index.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';

/** What the SDK does with objects besides storing and reading them: versions, tags, copies, snapshots. */

const MIB = 1024 * 1024;
let store: TestObjectStore;
let storage: Storage;

beforeAll(async () => {
  store = await startObjectStore('photos', 'versioned', 'past');
  storage = new Storage('photos', await keyFor('photos'));
});

afterAll(() => store[Symbol.asyncDispose]());

async function keyFor(bucket: string): Promise<StorageOptions> {
  const environment = await store.environment(bucket);
  return {
    endpoint: store.endpoint,
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
  };
}

test('old versions are listed, read, copied back and removed', async () => {
  const versioned = new Storage('versioned', await keyFor('versioned'));
  await store.admin.ensureBucket({ name: 'versioned', versioning: true });
  for (const text of ['one', 'two', 'three']) await versioned.put('a.txt', text);
  await versioned.put('a.txt/below', 'x');
  await versioned.remove('a.txt');
  const all = await Array.fromAsync(versioned.listVersions());
  expect(all.map(({ key, deleteMarker, isLatest }) => [key, deleteMarker, isLatest])).toEqual([
    ['a.txt', true, true],
    ['a.txt', false, false],
    ['a.txt', false, false],
    ['a.txt', false, false],
    ['a.txt/below', false, true],
  ]);
  expect(await Array.fromAsync(versioned.listVersions({ limit: 2 }))).toHaveLength(2);
  const [marker, , second, first] = all;
  expect((await versioned.get('a.txt', { versionId: first?.versionId }))?.body.toString()).toBe('one');
  expect(await versioned.head('a.txt', { versionId: second?.versionId })).toMatchObject({
    size: 3,
    versionId: second?.versionId,
  });
  await versioned.copy('a.txt', 'a.txt', { versionId: second?.versionId });
  expect((await versioned.get('a.txt'))?.body.toString()).toBe('two');
  await versioned.remove([
    { key: 'a.txt', versionId: first?.versionId },
    { key: 'a.txt', versionId: marker?.versionId },
  ]);
  expect(await Array.fromAsync(versioned.listVersions({ prefix: 'a.txt' }))).toHaveLength(4);
  expect(await versioned.get('a.txt', { versionId: first?.versionId })).toBeNull();
});

test('tags come with the object, change in place and go along with a copy', async () => {
  await storage.put('tagged', 'x', { tags: { 'a b': 'c+d=e', é: '' } });
  expect(await storage.getTags('tagged')).toEqual({ 'a b': 'c+d=e', é: '' });
  await storage.setTags('tagged', { state: 'done' });
  await storage.copy('tagged', 'tagged-copy');
  await storage.copy('tagged', 'tagged-anew', { tags: { other: 'one' } });
  expect(await storage.getTags('tagged-copy')).toEqual({ state: 'done' });
  expect(await storage.getTags('tagged-anew')).toEqual({ other: 'one' });
  await expect(storage.getTags('absent')).rejects.toMatchObject({ code: 'NoSuchKey' });
});

test('a copy to itself changes what the object is; a large one goes by parts, with all it had', async () => {
  await storage.put('settings.json', '{}', { metadata: { a: '1' } });
  await storage.copy('settings.json', 'settings.json', { metadata: { b: '2' }, cacheControl: 'no-store' });
  expect(await storage.head('settings.json')).toMatchObject({ type: 'application/json', metadata: { b: '2' } });
  const data = randomBytes(12 * MIB);
  await storage.put('by-parts.bin', data, { metadata: { by: 'me' }, contentType: 'x/y', tags: { t: 'u' } });
  const { etag } = await storage.copy('by-parts.bin', 'by-parts.copy', { partSize: 5 * MIB });
  expect(etag).toMatch(/-3$/);
  const copied = await storage.get('by-parts.copy');
  expect(copied?.body.equals(data)).toBe(true);
  expect(copied).toMatchObject({ type: 'x/y', metadata: { by: 'me' }, etag });
  expect(await storage.getTags('by-parts.copy')).toEqual({ t: 'u' });
});

test('a read is bound to an ETag, and gives one part', async () => {
  const stored = await storage.put('parts.bin', randomBytes(18 * MIB), { partSize: 8 * MIB });
  expect((await storage.get('parts.bin', { partNumber: 3 }))?.body.length).toBe(2 * MIB);
  expect(await storage.head('parts.bin')).toMatchObject({ etag: stored.etag });
  await expect(storage.get('parts.bin', { ifMatch: 'other' })).rejects.toMatchObject({ code: 'PreconditionFailed' });
});

test('an upload that failed goes on in another put, with the parts that are there', async () => {
  const data = randomBytes(30 * MIB);
  let uploadId: string | undefined;
  const onUpload = (id: string) => {
    uploadId = id;
  };
  async function* breaking() {
    yield data.subarray(0, 17 * MIB);
    throw new Error('the disk went away');
  }
  const partial = storage.put('resumed.bin', breaking(), { resume: { onUpload }, concurrency: 1 });
  await expect(partial).rejects.toThrow('the disk went away');
  expect(uploadId).toBeTypeOf('string');
  const progress: { loaded: number; resumed: number }[] = [];
  await storage.put('resumed.bin', data, { resume: { uploadId, onUpload }, onProgress: (one) => progress.push(one) });
  expect(progress.at(-1)).toMatchObject({ loaded: data.length, resumed: 16 * MIB });
  expect((await storage.get('resumed.bin'))?.body.equals(data)).toBe(true);
  // One that is complete, or was given up, is begun anew.
  const before = uploadId;
  await storage.put('resumed.bin', data, { resume: { uploadId, onUpload } });
  expect(uploadId).not.toBe(before);
  await storage.abortUpload('resumed.bin', before ?? '');
});

test('snapshots are taken, read and forked', async () => {
  const operator = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  const all = { endpoint: store.endpoint, ...operator };
  const past = new Storage('past', all);
  await past.put('a.txt', 'one', { metadata: { n: '1' } });
  const before = new Date();
  const first = await past.snapshots.create({ name: 'first' });
  const unnamed = await past.snapshots.create();
  expect([first, unnamed.name]).toMatchObject([{ name: 'first', objects: 1, bytes: 3 }, undefined]);
  expect((await past.snapshots.list()).map(({ id }) => id)).toEqual([first.id, unnamed.id]);
  await expect(past.snapshots.create({ name: 'first' })).rejects.toMatchObject({ code: 'SnapshotAlreadyExists' });
  await past.put('a.txt', 'two');
  await past.put('b.txt', 'new');

  const view = past.at('first');
  expect(await view.get('a.txt')).toMatchObject({ body: Buffer.from('one'), metadata: { n: '1' } });
  expect(await view.head('b.txt')).toBeNull();
  expect((await Array.fromAsync(view.list())).map(({ key }) => key)).toEqual(['a.txt']);
  expect(await (await fetch(view.url('a.txt'))).text()).toBe('one');
  expect((await past.at(before).get('a.txt'))?.body.toString()).toBe('one');
  await expect(past.at('second').get('a.txt')).rejects.toMatchObject({ code: 'NoSuchSnapshot' });

  await past.fork('fork-of-past', { snapshot: 'first' });
  const fork = new Storage('fork-of-past', all);
  expect((await Array.fromAsync(fork.list())).map(({ key }) => key)).toEqual(['a.txt']);
  await past.copy('a.txt', 'a.txt', { at: first.id });
  expect((await past.get('a.txt'))?.body.toString()).toBe('one');
  await past.snapshots.delete('first');
  await expect(past.snapshots.delete('first')).rejects.toMatchObject({ code: 'NoSuchSnapshot' });
});

test('a large object that was removed comes back from a snapshot by parts, with the tags it had', async () => {
  const operator = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  const past = new Storage('past', { endpoint: store.endpoint, ...operator });
  const data = randomBytes(6 * MIB);
  await past.put('large.bin', data, { tags: { state: 'old' } });
  const { id } = await past.snapshots.create();
  await past.put('large.bin', 'x', { tags: { state: 'new' } });
  await past.copy('large.bin', 'other.bin', { at: id, partSize: 5 * MIB });
  expect(await past.getTags('other.bin')).toEqual({ state: 'old' });
  await past.remove('large.bin');
  await past.copy('large.bin', 'large.bin', { at: id, partSize: 5 * MIB });
  expect((await past.get('large.bin'))?.body.equals(data)).toBe(true);
});

test('objects are under a key of their own, by parts and in copies, and no URL gives it away', async () => {
  const options = await keyFor('photos');
  const under = (customerKey: Uint8Array) => new Storage('photos', { ...options, customerKey });
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const data = randomBytes(12 * MIB);
  await under(first).put('secret.bin', data);
  expect((await under(first).get('secret.bin'))?.body.equals(data)).toBe(true);
  await expect(storage.head('secret.bin')).rejects.toMatchObject({ code: 'InvalidRequest', status: 400 });
  await expect(under(second).get('secret.bin')).rejects.toMatchObject({ code: 'AccessDenied' });

  for (const partSize of [undefined, 5 * MIB]) {
    await under(first).copy('secret.bin', 'same.bin', { partSize });
    expect((await under(first).get('same.bin'))?.body.equals(data)).toBe(true);
    await under(second).copy('secret.bin', 'other.bin', { partSize, fromCustomerKey: first });
    expect((await under(second).get('other.bin'))?.body.equals(data)).toBe(true);
    await storage.copy('secret.bin', 'open.bin', { partSize, fromCustomerKey: first });
    expect((await storage.get('open.bin'))?.body.equals(data)).toBe(true);
    await under(second).copy('open.bin', 'closed.bin', { partSize, fromCustomerKey: null });
    expect((await under(second).get('closed.bin'))?.body.equals(data)).toBe(true);
  }
  await under(first).move('secret.bin', 'moved.bin');
  expect(await under(first).head('moved.bin')).toMatchObject({ size: data.length });

  expect(() => under(first).url('moved.bin')).toThrow("a URL gives nobody a customer's key");
  expect(() => under(first).uploadUrl('moved.bin')).toThrow("a URL gives nobody a customer's key");
  await expect(under(first).uploadPlan('moved.bin', { size: 12 * MIB })).rejects.toThrow('a browser is given no');
  expect(() => under(first.subarray(1))).toThrow("a customer's key has 32 bytes, and this one 31");
});

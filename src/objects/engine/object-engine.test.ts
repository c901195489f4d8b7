import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { waitUntil } from '../../core/retry.ts';
import { INDEX_FILE } from './catalog/index-file.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

const segmentBytes = 640 * 2 ** 10;
const options = { segmentBytes, inlineLimitBytes: 100 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const LARGE = 300_000;

let directory: string;
let store: EngineObjectStore;

async function* body(size: number, fill: string): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(size, fill);
}

const put = (key: string, size = 20_000, fill = key) =>
  store.put({ bucket: 'data', key, body: body(size, fill), metadata });

async function read(key: string): Promise<string> {
  const object = await store.open('data', key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body()) chunks.push(chunk);
  object.release();
  return Buffer.concat(chunks).toString();
}

const keys = async () => (await store.list({ bucket: 'data', limit: 10_000 })).objects.map(({ key }) => key);
const segments = async () =>
  (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal')).sort();

async function reopen({ rebuild = false } = {}): Promise<void> {
  await store.close();
  if (rebuild) await rm(join(directory, 'index'), { recursive: true });
  store = await openEngine({ directory, ...options });
}

/** Appends until a new segment begins. */
async function fillSegment(prefix: string): Promise<string[]> {
  const made: string[] = [];
  const before = (await segments()).at(-1);
  while ((await segments()).at(-1) === before) {
    const key = `${prefix}-${made.length}`;
    await put(key);
    made.push(key);
  }
  return made;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-engine-'));
  store = await openEngine({ directory, ...options });
  await store.createBucket('data');
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

test('one process has the store open', async () => {
  await expect(openEngine({ directory, ...options })).rejects.toMatchObject({ code: 'store.in-use' });
});

test('a closed store refuses writes', async () => {
  await store.close();
  await expect(put('late')).rejects.toMatchObject({ code: 'store.closed' });
});

test('the documents of a bucket outlive a restart, a lost index and compaction', async () => {
  const policy = 'p'.repeat(20 * 2 ** 10);
  await store.updateBucket('data', { documents: { policy, cors: 'old' } });
  const filler = await fillSegment('filler');
  await store.updateBucket('data', { documents: { cors: undefined } });
  for (const key of filler) await store.remove('data', key);
  await store.settle();
  await reopen();
  expect(store.bucket('data')?.documents).toEqual({ policy });
  await reopen({ rebuild: true });
  expect(store.bucket('data')?.documents).toEqual({ policy });
});

test('mostly dead segments are emptied and used again', async () => {
  const first = await fillSegment('first');
  await fillSegment('second');
  for (const key of first.slice(2)) await store.remove('data', key);
  await store.settle();
  expect(await segments()).not.toContain('000000000001.journal');
  expect(await read('first-0')).toBe('first-0'.repeat(3000).slice(0, 20_000));
  await reopen({ rebuild: true });
  expect(await read('first-1')).toBe('first-1'.repeat(3000).slice(0, 20_000));
  expect((await keys()).filter((key) => key.startsWith('first'))).toEqual(['first-0', 'first-1']);
});

test('changed metadata outlives the record that it changed', async () => {
  const first = await fillSegment('first'); // stays, with what the version was: most of it lives
  const tagged = first[3] ?? '';
  const tag = (value: string) => store.updateMetadata('data', tagged, { headers: { tag: value } });
  const { lastModified } = await tag('old');
  const second = await fillSegment('second');
  await tag('new');
  await fillSegment('third');
  for (const key of second) await store.remove('data', key);
  await store.settle();
  expect(await segments()).not.toContain('000000000002.journal'); // the change is moved once more
  for (const rebuild of [false, true]) {
    await reopen({ rebuild });
    expect(await store.head('data', tagged)).toMatchObject({ lastModified, metadata: { headers: { tag: 'new' } } });
    expect(await read(tagged)).toBe(tagged.repeat(5000).slice(0, 20_000));
  }
  await store.remove('data', tagged);
  await reopen({ rebuild: true });
  expect(await keys()).not.toContain(tagged);
});

test('a reader is not disturbed by a change of metadata, and of two changes at once none is lost', async () => {
  await put('small', 10);
  await put('large', LARGE);
  for (const key of ['small', 'large']) {
    const object = await store.open('data', key);
    await Promise.all(['a', 'b', 'c'].map((name) => store.updateMetadata('data', key, { headers: { [name]: '1' } })));
    const chunks = await Array.fromAsync(object.body());
    object.release();
    expect(Buffer.concat(chunks).toString()).toBe(await read(key));
    expect((await store.head('data', key)).metadata.headers).toEqual({ a: '1', b: '1', c: '1' });
  }
  expect(await dataFiles(directory)).toHaveLength(1);
  await store.remove('data', 'large');
  await waitUntil(async () => (await dataFiles(directory)).length === 0, { timeoutMs: 60_000, what: 'the file to go' });
});

test('a change of metadata that races with overwriting and deleting changes what is there, or nothing', async () => {
  for (let i = 0; i < 20; i++) {
    const key = `racing-${i}`;
    await put(key, 10, 'before');
    const [, change] = await Promise.allSettled([
      i % 2 === 0 ? put(key, 10, 'after') : store.remove('data', key),
      store.updateMetadata('data', key, { headers: { tag: 'x' } }),
    ]);
    const found = await store.head('data', key).catch(() => undefined);
    if (i % 2 === 1) expect(found).toBeUndefined();
    else expect(await read(key)).toBe('afterafter');
    if (change.status === 'rejected') expect(change.reason).toMatchObject({ code: 'object.not-found' });
  }
});

test('a reader of a small object has its bytes, and keeps no segment', async () => {
  const first = await fillSegment('first');
  await fillSegment('second');
  const object = await store.open('data', 'first-0');
  for (const key of first) await store.remove('data', key);
  await store.settle();
  expect(await segments()).not.toContain('000000000001.journal');
  const [chunk] = await Array.fromAsync(object.body());
  expect(chunk?.length).toBe(20_000);
  object.release();
});

test('a removal outlives its own segment while what it removed is on the disk', async () => {
  const first = await fillSegment('first'); // stays: most of it lives
  const removed = first[3] ?? '';
  const second = await fillSegment('second');
  await store.remove('data', removed);
  const third = await fillSegment('third'); // the removal is in here
  for (const key of [...second, ...third]) await store.remove('data', key);
  await fillSegment('fourth');
  await store.settle();
  const left = await segments();
  expect(left).toContain('000000000001.journal');
  expect(left).not.toContain('000000000003.journal');
  await reopen({ rebuild: true });
  const found = await keys();
  expect(found).not.toContain(removed);
  expect(found.filter((key) => !key.startsWith('fourth'))).toEqual(first.filter((key) => key !== removed).sort());
});

test('large objects are files that go with the last who uses them', async () => {
  const source = { bucket: 'data', key: 'large' };
  await put('large', LARGE);
  await store.copy({ source, target: { bucket: 'data', key: 'copy' } });
  await reopen();
  expect(await dataFiles(directory)).toHaveLength(1);
  await store.remove('data', 'large');
  expect(await read('copy')).toHaveLength(LARGE);
  const reader = await store.open('data', 'copy');
  await store.remove('data', 'copy');
  expect(await dataFiles(directory)).toHaveLength(1);
  reader.release();
  await waitUntil(async () => (await dataFiles(directory)).length === 0, { timeoutMs: 60_000, what: 'the file to go' });
});

test('the files of aborted uploads and of replaced parts go', async () => {
  const { uploadId } = await store.createUpload('data', 'film', metadata);
  const upload = { bucket: 'data', key: 'film', uploadId };
  await store.putPart({ ...upload, partNumber: 1, body: body(10, 'a') });
  const headers = { 'x-amz-checksum-crc32': 'b' };
  await store.putPart({ ...upload, partNumber: 1, body: body(10, 'b'), headers });
  await waitUntil(async () => (await dataFiles(directory)).length === 1, {
    timeoutMs: 60_000,
    what: 'the replaced part to go',
  });
  await reopen({ rebuild: true });
  expect(await store.listParts(upload)).toMatchObject([{ partNumber: 1, size: 10, headers }]);
  await store.abortUpload(upload);
  await waitUntil(async () => (await dataFiles(directory)).length === 0, {
    timeoutMs: 60_000,
    what: 'the parts to go',
  });
});

test('a deleted bucket leaves no files, also when the store is closed at once', async () => {
  for (let i = 0; i < 5; i++) await put(`large-${i}`, LARGE);
  await put('small');
  await store.deleteBucket('data', { force: true });
  await reopen();
  await store.settle();
  await waitUntil(async () => (await dataFiles(directory)).length === 0, {
    timeoutMs: 60_000,
    what: 'the files to go',
  });
});

test('orphans of a crash are removed, the others are not', async () => {
  await put('large', LARGE);
  await store.close();
  await mkdir(join(directory, 'files', '01'), { recursive: true });
  await writeFile(join(directory, 'files', '01', '00000000000001'), 'orphan');
  await mkdir(join(directory, 'files', 'incoming'));
  await writeFile(join(directory, 'files', 'incoming', '00000000000002'), 'half');
  const mark = await open(join(directory, 'session'), 'r+');
  await mark.write('open', 0);
  await mark.close();
  store = await openEngine({ directory, ...options });
  expect(await dataFiles(directory)).toHaveLength(1);
  expect(await read('large')).toHaveLength(LARGE);
});

test('an upload that is not over when the store closes leaves no file behind', async () => {
  const left = Promise.withResolvers<never>();
  async function* bytes() {
    yield Buffer.alloc(LARGE);
    yield await left.promise;
  }
  const putting = store.put({ bucket: 'data', key: 'slow', size: 2 * LARGE, metadata, body: bytes() });
  putting.catch(() => {});
  await waitUntil(async () => (await dataFiles(directory)).length === 1, {
    timeoutMs: 60_000,
    what: 'the file to be begun',
  });
  await reopen();
  expect(await dataFiles(directory)).toEqual([]);
  left.reject(new Error('the client left'));
  await expect(putting).rejects.toThrow('the client left');
});

test('wrong bytes from the disk are told, not served', async () => {
  await put('small');
  await put('large', LARGE);
  const [file = ''] = await dataFiles(directory);
  const places = [
    [join(directory, 'journal', '000000000001.journal'), 6000],
    [file, 1000],
  ] as const;
  for (const [path, offset] of places) {
    const handle = await open(path, 'r+');
    await handle.write(Buffer.from('rot'), 0, 3, offset);
    await handle.close();
  }
  await expect(read('small')).rejects.toMatchObject({ code: 'object.damaged' });
  await expect(read('large')).rejects.toMatchObject({ code: 'object.damaged' });
  await rm(places[1][0]);
  await expect(read('large')).rejects.toMatchObject({
    code: 'object.damaged',
    message: expect.stringContaining('is gone'),
  });
});

test('an index that cannot be trusted after the machine died is built anew', async () => {
  await put('a');
  await put('large', LARGE);
  await store.close();
  await writeFile(join(directory, 'session'), `open ${'0'.repeat(36)}\n`);
  await writeFile(join(directory, 'index', INDEX_FILE), Buffer.alloc(8192, 'x'));
  store = await openEngine({ directory, ...options });
  expect(await keys()).toEqual(['a', 'large']);
  expect(await read('large')).toHaveLength(LARGE);
});

test('old versions are kept in a versioned bucket', async () => {
  await put('a', 10, 'x');
  await store.updateBucket('data', { versioning: 'enabled' });
  for (let i = 0; i < 3; i++) await put('a', 10, String(i));
  expect(await store.usage('data')).toEqual({ objects: 4, bytes: 40 });
  await reopen({ rebuild: true });
  expect(await store.usage('data')).toEqual({ objects: 4, bytes: 40 });
  expect(await read('a')).toBe('2'.repeat(10));
  await store.remove('data', 'a');
  await reopen({ rebuild: true });
  expect(await keys()).toEqual([]);
  await expect(store.deleteBucket('data')).rejects.toMatchObject({ code: 'bucket.not-empty' });
});

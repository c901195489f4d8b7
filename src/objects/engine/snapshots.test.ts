import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { waitUntil } from '../../core/retry.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 100 * 2 ** 10, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const LARGE = 150_000;

let directory: string;
let store: EngineObjectStore;

async function* body(size: number, fill: string): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(size, fill);
}

const put = (key: string, fill: string, size = LARGE) =>
  store.put({ bucket: 'data', key, body: body(size, fill), metadata });

async function read(key: string, snapshot: string): Promise<string> {
  const object = await store.open('data', key, { snapshot });
  const bytes = Buffer.concat(await Array.fromAsync(object.body()));
  object.release();
  return `${bytes.toString('utf8', 0, 1)} ${bytes.length}`;
}

const retained = async () => (await store.usage('data')).retained?.objects ?? 0;

async function reopen({ rebuild = false } = {}): Promise<void> {
  await store.close();
  if (rebuild) await rm(join(directory, 'index'), { recursive: true });
  store = await openEngine({ directory, ...sizes });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-snapshots-'));
  store = await openEngine({ directory, ...sizes });
  await store.createBucket('data');
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

test('what a snapshot holds goes with it, and nothing before', async () => {
  await put('a', '1');
  await put('b', '1');
  await store.createSnapshot('data', { name: 'first' });
  await put('a', '2');
  await store.createSnapshot('data', { name: 'second' });
  await put('a', '3');
  await store.remove('data', 'b');
  expect(await dataFiles(directory)).toHaveLength(4);
  expect(await store.usage('data')).toEqual({ objects: 1, bytes: LARGE, retained: { objects: 3, bytes: 3 * LARGE } });

  await store.deleteSnapshot('data', 'first');
  await waitUntil(async () => (await dataFiles(directory)).length === 3, {
    timeoutMs: 60_000,
    what: 'the first version to go',
  });
  expect(await read('a', 'second')).toBe(`2 ${LARGE}`);
  expect(await read('b', 'second')).toBe(`1 ${LARGE}`);
  await store.deleteSnapshot('data', 'second');
  await waitUntil(async () => (await dataFiles(directory)).length === 1, {
    timeoutMs: 60_000,
    what: 'the others to go',
  });
  expect(await store.usage('data')).toEqual({ objects: 1, bytes: LARGE });
});

test.each([{ rebuild: false }, { rebuild: true }])(
  'what a snapshot held goes after a restart, too: %o',
  async ({ rebuild }) => {
    await store.createSnapshot('data', { name: 'empty' });
    for (let i = 0; i < 10; i++) await put(`key-${i}`, '1', 100);
    await store.createSnapshot('data', { name: 'full' });
    for (let i = 0; i < 10; i++) await store.remove('data', `key-${i}`);
    expect(await retained()).toBe(10);
    await store.deleteSnapshot('data', 'full');
    await reopen({ rebuild });
    await waitUntil(async () => (await retained()) === 0, { timeoutMs: 60_000, what: 'the versions to go' });
    expect(await store.usage('data')).toEqual({ objects: 0, bytes: 0 });
  },
);

test('a fork keeps what it shows; with the last fork it goes', async () => {
  await put('a', '1');
  await store.createBucket('fork', { from: { bucket: 'data' } });
  await store.createBucket('fork-of-fork', { from: { bucket: 'fork' } });
  await store.remove('data', 'a');
  await reopen({ rebuild: true });
  for (const name of ['fork-of-fork', 'fork']) {
    expect(await dataFiles(directory)).toHaveLength(1);
    expect(await store.head(name, 'a')).toMatchObject({ size: LARGE });
    await store.deleteBucket(name);
  }
  await waitUntil(async () => (await dataFiles(directory)).length === 0, { timeoutMs: 60_000, what: 'the file to go' });
});

test('compaction moves what only a snapshot shows, and a rebuild finds it without what ended it', async () => {
  for (let i = 0; i < 8; i++) await put(`old-${i}`, '1', 20_000);
  await store.createSnapshot('data', { name: 'old' });
  for (let i = 0; i < 8; i++) await put(`old-${i}`, '2', 20_000);
  for (let i = 0; i < 4; i++) await store.remove('data', `old-${i}`);
  for (let i = 0; i < 120; i++) await put('filler', '3', 20_000);
  await store.settle();
  expect(await readdir(join(directory, 'journal'))).not.toContain('000000000001.journal');
  for (const rebuild of [false, true, true]) {
    await reopen({ rebuild });
    expect(await retained()).toBe(8);
    for (let i = 0; i < 8; i++) expect(await read(`old-${i}`, 'old')).toBe('1 20000');
    for (let i = 0; i < 120; i++) await put('filler', '4', 20_000);
    await store.settle();
  }
  await store.deleteSnapshot('data', 'old');
  await reopen({ rebuild: true });
  expect(await store.usage('data')).toEqual({ objects: 5, bytes: 100_000 });
});

test('damage of what only a snapshot shows is found', async () => {
  const { versionId } = await put('a', '1');
  const [file = ''] = await dataFiles(directory);
  await store.createSnapshot('data');
  await store.remove('data', 'a');
  await put('b', '2');
  await writeFile(file, Buffer.alloc(LARGE, 'x'));
  const found = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await store.checkIntegrity({ after, maxBytes: 1 });
    found.push(...page.damaged);
    after = page.next;
  }
  expect(found).toMatchObject([{ bucket: 'data', key: 'a', versionId }]);
});

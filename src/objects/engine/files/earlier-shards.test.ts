import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toEarlierShards } from '../../../../tests/support/earlier-shards.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { Keyring } from '../../../core/keyring.ts';
import { waitUntil } from '../../../core/retry.ts';
import type { EngineObjectStore } from '../engine-object-store.ts';
import { openEngine } from '../open-object-store.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const LARGE = 200_000;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

let temporary: TemporaryDirectory;
let directory: string;
let store: EngineObjectStore;

const open = async () => {
  store = await openEngine({ directory, minPartBytes: 1, keyring: new Keyring(Buffer.alloc(32, 7)) });
};

const put = (key: string, fill = key) =>
  store.put({
    bucket: 'data',
    key,
    metadata,
    body: (async function* () {
      yield Buffer.alloc(LARGE, fill);
    })(),
  });

async function read(key: string): Promise<string> {
  const object = await store.open('data', key);
  const bytes = Buffer.concat(await Array.fromAsync(object.body()));
  object.release();
  return `${bytes.toString('utf8', 0, 1)} ${bytes.length}`;
}

/** Paths of the data files below `files`. */
async function dataFiles(): Promise<readonly string[]> {
  const names = await readdir(join(directory, 'files'), { recursive: true });
  return names.filter((name) => name.includes('/')).sort();
}

const filesLeft = (count: number) =>
  waitUntil(async () => (await dataFiles()).length === count, { timeoutMs: 60_000, what: `${count} files to be left` });

/** As a crash leaves it: the next start looks for orphans. */
async function crash(): Promise<void> {
  await store.close();
  await writeFile(join(directory, 'session'), 'open');
}

beforeEach(async () => {
  temporary = await temporaryDirectory();
  directory = join(temporary.path, 'store');
  await open();
  await store.createBucket('data');
  for (const key of KEYS) await put(key);
  await store.close();
  await toEarlierShards(directory);
  await open();
});

afterEach(async () => {
  await store.close();
  await temporary[Symbol.asyncDispose]();
});

test('files are read, copied, overwritten and removed where a store of before has them', async () => {
  const earlier = await dataFiles();
  expect(earlier.map((path) => dirname(path))).toEqual(earlier.map((path) => path.slice(-2)));
  for (const key of KEYS) expect(await read(key)).toBe(`${key} ${LARGE}`);

  await store.copy({ source: { bucket: 'data', key: 'a' }, target: { bucket: 'data', key: 'copy' } });
  await put('a', 'new');
  await put('b', 'new');
  await store.remove('data', 'c');
  await filesLeft(KEYS.length); // 'a' is kept by its copy, 'b' and 'c' are gone, two are new
  const kept = await dataFiles();
  expect(kept.filter((path) => earlier.includes(path))).toHaveLength(4);
  expect(await Promise.all(['copy', 'a', 'b', 'd'].map(read))).toEqual(
    ['a', 'n', 'n', 'd'].map((c) => `${c} ${LARGE}`),
  );

  await store.deleteBucket('data', { force: true });
  await filesLeft(0);
});

test('after a crash of a store of before its orphans go, in either place, and nothing else', async () => {
  await put('new');
  const used = await dataFiles();
  await crash();
  for (const orphan of ['00/00000012345000', '5a/00000012345001']) {
    await mkdir(join(directory, 'files', dirname(orphan)), { recursive: true });
    await writeFile(join(directory, 'files', orphan), 'orphan');
  }
  await open();
  expect(await dataFiles()).toEqual(used);
  await crash();
  await rm(join(directory, 'index'), { recursive: true });
  await open();
  expect(await dataFiles()).toEqual(used);
  for (const key of [...KEYS, 'new']) expect(await read(key)).toBe(`${key[0]} ${LARGE}`);
});

test('scrubbing reads the files of a store of before', async () => {
  const page = () => store.checkIntegrity({ maxBytes: Number.MAX_SAFE_INTEGER });
  expect(await page()).toMatchObject({ objects: KEYS.length, damaged: [] });
  const [cut = '', gone = ''] = await dataFiles();
  await truncate(join(directory, 'files', cut), 1000);
  await rm(join(directory, 'files', gone));
  const messages = (await page()).damaged.map(({ message }) => message);
  expect(messages).toHaveLength(2);
  for (const path of [cut, gone]) expect(messages.join()).toContain(basename(path));
});

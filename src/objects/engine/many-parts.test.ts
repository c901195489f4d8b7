import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { Catalog } from './catalog/catalog.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { Journal } from './journal/journal.ts';
import { openEngine } from './open-object-store.ts';

/** Objects of many parts: what is done to several of them takes its time in steps. */

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const PARTS = 100;
const COPIES = Array.from({ length: 50 }, (_, n) => `copy-${n}`);

let directory: TemporaryDirectory;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await temporaryDirectory();
  store = await openEngine({ directory: directory.path, minPartBytes: 1 });
  await store.createBucket('data');
  const { uploadId } = await store.createUpload('data', 'film', metadata);
  const upload = { bucket: 'data', key: 'film', uploadId };
  const put = (_: unknown, n: number) => store.putPart({ ...upload, partNumber: n + 1, body: Buffer.from('x') });
  await store.completeUpload({ ...upload, parts: await Promise.all(Array.from({ length: PARTS }, put)) });
  const source = { bucket: 'data', key: 'film' };
  await Promise.all(COPIES.map((key) => store.copy({ source, target: { bucket: 'data', key } })));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await directory[Symbol.asyncDispose]();
});

const filesOf = () => dataFiles(directory.path);

test('many of them are removed in several batches, and their files with the last', async () => {
  const append = vi.spyOn(Journal.prototype, 'append');
  await Promise.all(COPIES.map((key) => store.remove('data', key)));
  expect(append.mock.calls.length).toBeGreaterThan(3);
  expect(await filesOf()).toHaveLength(PARTS);
  await store.remove('data', 'film');
  await store.close();
  expect(await filesOf()).toEqual([]);
});

test('a bucket of them is emptied in several steps', async () => {
  const step = vi.spyOn(Catalog.prototype, 'purgeStep');
  await store.deleteBucket('data', { force: true });
  await store.settle();
  expect(step.mock.calls.length).toBeGreaterThan(5);
  await store.close();
  expect(await filesOf()).toEqual([]);
});

test('a listing of versions tells nothing of their parts', async () => {
  const { versions } = await store.listVersions({ bucket: 'data', limit: 1 });
  expect(versions).toEqual([expect.objectContaining({ key: 'copy-0', size: PARTS, isLatest: true })]);
  expect(versions[0]).not.toHaveProperty('partSizes');
  expect((await store.head('data', 'copy-0')).partSizes).toHaveLength(PARTS);
});

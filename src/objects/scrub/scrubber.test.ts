import { type FileHandle, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dataFiles } from '../../../tests/support/data-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { createLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import type { EngineObjectStore } from '../engine/engine-object-store.ts';
import { openEngine } from '../engine/open-object-store.ts';
import type { ScrubReport } from './scrub-report.ts';
import { Scrubber } from './scrubber.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const LARGE = 300_000;
const log = createLogger('objects', 'silent');
let temporary: TemporaryDirectory;
let directory: string;
let store: EngineObjectStore;
let scrubber: Scrubber | undefined;

const openStore = () => openEngine({ directory, segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 100 * 2 ** 10 });

beforeEach(async () => {
  temporary = await temporaryDirectory();
  directory = join(temporary.path, 'store');
  store = await openStore();
  await store.createBucket('data', { versioning: 'enabled' });
});
afterEach(async () => {
  await scrubber?.close();
  scrubber = undefined;
  await store.close();
  await temporary[Symbol.asyncDispose]();
});

const put = (key: string, size: number) =>
  store.put({
    bucket: 'data',
    key,
    metadata,
    body: (async function* () {
      yield Buffer.alloc(size, `${key} `);
    })(),
  });

async function start(options: { readonly everyMs?: number } = {}): Promise<Scrubber> {
  scrubber = await Scrubber.start({ store, directory: temporary.path, log, ...options });
  return scrubber;
}

async function finished(running: Scrubber): Promise<Required<ScrubReport>['last']> {
  return waitUntil(() => running.report().last, { timeoutMs: 60_000, what: 'the end of the pass' });
}

/** One bit of the first file in `directory` that holds `text` is turned. */
async function damage(folder: string, text: string): Promise<void> {
  for (const entry of await readdir(join(directory, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    await using file: FileHandle = await open(join(entry.parentPath, entry.name), 'r+');
    const at = (await file.readFile()).indexOf(text);
    if (at < 0) continue;
    await file.write('#', at);
    return;
  }
  throw new Error(`nothing in ${folder} holds "${text}"`);
}

test('a pass reads every version of every object, small and large, and finds nothing where nothing is', async () => {
  for (let n = 0; n < 10; n++) await put(`small-${n}`, 1000);
  await put('large', LARGE);
  await put('large', LARGE);
  await store.remove('data', 'small-0');
  const running = await start();
  running.begin();
  expect(running.report()).toMatchObject({ current: { objects: 0 }, last: undefined });
  expect(await finished(running)).toMatchObject({ objects: 12, bytes: 10_000 + 2 * LARGE, damaged: [] });
});

test('what the disk has changed or lost is named, and the rest is checked all the same', async () => {
  const small = await put('small', 1000);
  const large = await put('large', LARGE);
  await put('gone', LARGE);
  await put('whole', LARGE);
  await damage('journal', 'small small');
  await damage('files', 'large large');
  const [gone = ''] = await filesHolding('gone gone');
  await rm(gone);
  const running = await start();
  running.begin();
  const { objects, damaged, damagedCount } = await finished(running);
  expect(objects).toBe(4);
  expect(damagedCount).toBe(3);
  expect(damaged.map(({ key, versionId }) => [key, versionId])).toEqual([
    ['gone', expect.any(String)],
    ['large', large.versionId],
    ['small', small.versionId],
  ]);
  expect(damaged[0]?.message).toContain('is gone');
});

test('what was in a segment of the journal that is lost is named, and the rest is checked all the same', async () => {
  for (let n = 10; n < 50; n++) await put(`small-${n}`, 60_000);
  await store.close();
  const [first = ''] = (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal')).sort();
  await rm(join(directory, 'journal', first));
  store = await openStore();
  const running = await start();
  running.begin();
  const { objects, damaged } = await finished(running);
  expect(objects).toBe(40);
  expect(damaged.length).toBeGreaterThan(0);
  expect(damaged.length).toBeLessThan(15);
  expect(damaged[0]).toMatchObject({ bucket: 'data', key: 'small-10' });
});

async function filesHolding(text: string) {
  const found = [];
  for (const path of await dataFiles(directory)) {
    if ((await readFile(path)).includes(text)) found.push(path);
  }
  return found;
}

test('a pass goes on after a restart, and the next one comes by itself', async () => {
  await put('a', 1000);
  await put('b', 1000);
  const pages: (string | undefined)[] = [];
  const onePageEach = {
    checkIntegrity: async ({ after }: { readonly after?: string | undefined }) => {
      pages.push(after);
      return after === 'half'
        ? { objects: 1, bytes: 1, damaged: [] }
        : { objects: 1, bytes: 1, damaged: [], next: 'half' };
    },
  };
  const options = { directory: temporary.path, log };
  const first = await Scrubber.start({ ...options, store: onePageEach, bytesPerSecond: 1e-6 }); // one page, and the next in days
  first.begin();
  await waitUntil(() => first.report().current, { timeoutMs: 60_000, what: 'the first page' });
  await first.close();
  scrubber = await Scrubber.start({ ...options, store: onePageEach, everyMs: 0 });
  await waitUntil(() => pages.length >= 4, { timeoutMs: 60_000, what: 'another pass' });
  expect(pages.slice(0, 4)).toEqual([undefined, 'half', undefined, 'half']);
  expect(scrubber.report().last).toMatchObject({ objects: 2, bytes: 2 });
});

test('a damaged note of how far it is stops nothing', async () => {
  await put('a', 1000);
  await writeFile(join(temporary.path, 'scrub.json'), '{"last":');
  const running = await start();
  expect(running.report()).toEqual({ current: undefined, last: undefined });
  running.begin();
  expect(await finished(running)).toMatchObject({ objects: 1 });
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { Catalog } from './catalog/catalog.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

/** Many listings at a time. */

const LMDB_READERS = 126;
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const keys = Array.from({ length: 70 }, (_, n) => `key-${n}`).sort();

let directory: TemporaryDirectory;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await temporaryDirectory();
  store = await openEngine({ directory: directory.path });
  await store.createBucket('data');
  await Promise.all(keys.map((key) => store.put({ bucket: 'data', key, body: Buffer.from(key), metadata })));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await directory[Symbol.asyncDispose]();
});

/** From now on each slice is over after one step. */
function makeSlow(): void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
}

/** How many were held at a time, at most. */
function countHeld(): () => number {
  const { hold } = Catalog.prototype;
  let held = 0;
  let most = 0;
  vi.spyOn(Catalog.prototype, 'hold').mockImplementation(function (this: Catalog) {
    const reader = hold.call(this);
    most = Math.max(most, ++held);
    const dispose = () => {
      held--;
      reader[Symbol.dispose]();
    };
    return { ...reader, [Symbol.dispose]: dispose };
  });
  return () => most;
}

const list = async () => (await store.list({ bucket: 'data', limit: 100 })).objects.map(({ key }) => key);

test('however many listings pause, readers of the index are left', async () => {
  makeSlow();
  const most = countHeld();
  const pages = await Promise.all(Array.from({ length: 2 * LMDB_READERS }, list));
  expect(most()).toBeGreaterThan(1);
  expect(most()).toBeLessThan(LMDB_READERS);
  for (const page of pages) expect(page).toEqual(keys);
});

test('a listing shows all that was there when it was asked for, though it has its turn after that is in the index', async () => {
  makeSlow();
  for (let round = 0; round < 10; round++) {
    const key = `late-${round}`;
    await store.put({ bucket: 'data', key, body: Buffer.from(key), metadata });
    const settled = store.settle();
    const pages = Promise.all(Array.from({ length: 60 }, list));
    for (const page of await pages) expect(page).toContain(key);
    await settled;
  }
});

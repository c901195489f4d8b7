import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isHoldfastCode } from '../../core/errors.ts';
import type { EngineObjectStore } from './engine-object-store.ts';
import { openEngine } from './open-object-store.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const LARGE = Buffer.alloc(200_000, 'x');

let directory: string;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-upkeep-'));
  store = await openEngine({ directory, segmentBytes: 2 ** 20 });
  await store.createBucket('copies');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

/** True where there is a copy, whose bytes are all there. */
async function copied(key: string, snapshot?: string): Promise<boolean> {
  const source = { bucket: 'source', key: 'object', snapshot };
  try {
    await store.copy({ source, target: { bucket: 'copies', key } });
  } catch (error) {
    if (['object.not-found', 'snapshot.not-found', 'bucket.not-found'].some((code) => isHoldfastCode(error, code))) {
      return false;
    }
    throw error;
  }
  await store.settle();
  const read = await store.open('copies', key);
  const bytes = Buffer.concat(await Array.fromAsync(read.body()));
  read.release();
  expect(bytes.equals(LARGE)).toBe(true);
  return true;
}

const ROUNDS = 40;

test('what is copied out of a bucket that is deleted is copied, or is not', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await store.createBucket('source');
    await store.put({ bucket: 'source', key: 'object', body: LARGE, metadata });
    const deletion = store.deleteBucket('source', { force: true });
    await copied(`copy-${round}`);
    await deletion;
  }
});

test('what is copied out of a snapshot that is deleted is copied, or is not', async () => {
  await store.createBucket('source');
  for (let round = 0; round < ROUNDS; round++) {
    await store.put({ bucket: 'source', key: 'object', body: LARGE, metadata });
    const { id } = await store.createSnapshot('source');
    await store.remove('source', 'object');
    const deletion = store.deleteSnapshot('source', id);
    await copied(`copy-${round}`, id);
    await deletion;
  }
});

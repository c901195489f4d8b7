import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dataFiles } from '../../../../tests/support/data-files.ts';
import { Keyring } from '../../../core/keyring.ts';
import { waitUntil } from '../../../core/retry.ts';
import type { EngineObjectStore } from '../engine-object-store.ts';
import { Segment } from '../journal/segment.ts';
import { openEngine } from '../open-object-store.ts';

/** The buckets of a store from before encryption: each gets its key with the first write into it. */

const options = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 100 * 2 ** 10, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const keyring = new Keyring(randomBytes(32));

let directory: string;
let store: EngineObjectStore;

const put = (key: string, size: number) =>
  store.put({ bucket: 'data', key, body: Buffer.alloc(size, key), size, metadata });

async function openEncrypted(): Promise<void> {
  await store.close();
  store = await openEngine({ directory, ...options, keyring });
}

const segments = async () =>
  (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal')).sort();

const until = (what: string, probe: () => boolean | Promise<boolean>) => waitUntil(probe, { what, timeoutMs: 10_000 });

/** From now on each write of the journal waits until it is let go. */
function holdWrites(): (() => void)[] {
  const held: (() => void)[] = [];
  const { write } = Segment.prototype;
  vi.spyOn(Segment.prototype, 'write').mockImplementation(async function (this: Segment, ...args) {
    await new Promise<void>((resolve) => held.push(resolve));
    await write.apply(this, args);
  });
  return held;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-first-key-'));
  store = await openEngine({ directory, ...options });
  for (const name of ['data', 'other']) await store.createBucket(name);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await rm(directory, { recursive: true });
});

test('an upload into a bucket that goes meanwhile leaves no file behind', async () => {
  await openEncrypted();
  async function* body() {
    yield Buffer.alloc(300_000);
    await store.deleteBucket('data');
  }
  const late = store.put({ bucket: 'data', key: 'late', body: body(), metadata });
  await expect(late).rejects.toMatchObject({ code: 'bucket.not-found' });
  await store.close();
  expect(await dataFiles(directory)).toEqual([]);
});

test('a copy has its source though compaction moves it while the bucket gets its key', async () => {
  await put('source', 20_000);
  const [first = ''] = await segments();
  const fill: string[] = [];
  while ((await segments()).length < 3) {
    fill.push(`fill-${fill.length}`);
    await put(`fill-${fill.length - 1}`, 50_000);
  }
  await openEncrypted();
  await Promise.all(fill.map((key) => store.remove('data', key)));
  const held = holdWrites();
  const settled = store.settle();
  await until('the move of the source', () => held.length === 1);
  const copy = store.copy({ source: { bucket: 'data', key: 'source' }, target: { bucket: 'other', key: 'copy' } });
  held[0]?.();
  await until('the key of the bucket', async () => held.length === 2 && !(await segments()).includes(first));
  vi.restoreAllMocks();
  held[1]?.();
  const [{ etag }] = await Promise.all([copy, settled]);
  expect(etag).toBe((await store.head('data', 'source')).etag);
});

test('a fork of a bucket that has no key gets one of its own, whatever its base has got since', async () => {
  await put('before', 10);
  await openEncrypted();
  for (const name of ['fork', 'fork-of-fork']) {
    await store.createBucket(name, { from: { bucket: name === 'fork' ? 'data' : 'fork' } });
  }
  await put('after', 10);
  await store.put({ bucket: 'fork', key: 'own', body: Buffer.from('own'), metadata });
  await store.put({ bucket: 'fork-of-fork', key: 'own', body: Buffer.from('own'), metadata });
  await openEncrypted();
  for (const bucket of ['fork', 'fork-of-fork']) {
    expect((await store.open(bucket, 'own')).bytes?.toString()).toBe('own');
    expect((await store.open(bucket, 'before')).bytes?.length).toBe(10);
    expect(await store.head(bucket, 'own')).toMatchObject({ encryption: 'managed' });
  }
});

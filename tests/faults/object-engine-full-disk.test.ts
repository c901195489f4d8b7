import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { IndexFile } from '../../src/objects/engine/catalog/index-file.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { dataFiles } from '../support/data-files.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { contentOf, storeSizes } from './object-engine-history.ts';

const root = process.getuid?.() === 0;
const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const DISK_BYTES = 48 * 2 ** 20;

async function* body(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

const put = (store: ObjectStore, key: string, seed: number, size: number) =>
  store.put({ bucket: 'data', key, body: body(contentOf(seed, size)), metadata });

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  const object = await store.open('data', key);
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body()) chunks.push(chunk);
  object.release();
  return Buffer.concat(chunks);
}

/** Puts objects until the disk is full, and says which are there. */
async function fillUp(store: ObjectStore, from: number, size: number): Promise<number[]> {
  const there: number[] = [];
  for (let seed = from; ; seed++) {
    const failed = await put(store, `object-${seed}`, seed, size).catch((error: unknown) => error);
    if (failed instanceof Error) {
      expect(failed).toMatchObject({ code: 'disk.full', kind: 'exhausted' });
      return there;
    }
    there.push(seed);
  }
}

test.skipIf(!root)(
  '(needs root to mount) on a full disk writes are refused, reads and deletes go on, and room made is used again',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    await using disk = await mountSmallDisk(directory, DISK_BYTES);
    const options = { directory: join(disk.path, 'store'), ...storeSizes };
    let store = await openEngine(options);
    await using _closed = { [Symbol.asyncDispose]: () => store.close() };
    await store.createBucket('data');

    const large = await fillUp(store, 1, 1_000_000);
    await disk.fill();
    const small = await fillUp(store, 1000, 20_000);
    const seeds = [...large.map((seed) => [seed, 1_000_000] as const), ...small.map((seed) => [seed, 20_000] as const)];
    expect(large.length).toBeGreaterThan(20);
    const expectAll = async () => {
      for (const [seed, size] of seeds) {
        expect((await read(store, `object-${seed}`)).equals(contentOf(seed, size)), `object-${seed}`).toBe(true);
      }
      const page = await store.list({ bucket: 'data', limit: 10_000 });
      expect(page.objects).toHaveLength(seeds.length);
      expect((await store.usage('data')).objects).toBe(seeds.length);
    };
    await expectAll();

    // Nothing half-made is left of what was refused.
    await expect(put(store, 'refused', 1, 1_000_000)).rejects.toMatchObject({ code: 'disk.full' });
    await expect(put(store, 'refused', 1, 60_000)).rejects.toMatchObject({ code: 'disk.full' });
    await expect(store.head('data', 'refused')).rejects.toMatchObject({ code: 'object.not-found' });
    const names = (await dataFiles(options.directory)).map((path) => basename(path));
    expect(store.unreferencedFiles(names)).toEqual([]);

    // It can be closed and opened on the full disk, one of an older format, too.
    await store.close();
    const formatPath = join(options.directory, 'store.json');
    const format = await readFile(formatPath, 'utf8');
    const { segmentBytes, salt } = JSON.parse(format) as { readonly segmentBytes: number; readonly salt: number };
    const older = JSON.stringify({ format: 1, segmentBytes, salt }).padEnd(format.length); // takes no more room
    await writeFile(formatPath, older, { flag: 'r+' });
    store = await openEngine(options);
    await expectAll();
    expect(await readFile(formatPath, 'utf8')).toBe(older);

    // Deleting works with no byte free, and makes room.
    for (const [seed] of seeds.splice(0, 10)) await store.remove('data', `object-${seed}`);
    await expectAll();
    await waitUntil(() => put(store, 'again', 7, 500_000).catch(() => undefined), {
      timeoutMs: 60_000,
      what: 'room for a new object',
    });
    expect((await read(store, 'again')).equals(contentOf(7, 500_000))).toBe(true);
    await store.remove('data', 'again');

    await disk.empty();
    const more = await fillUp(store, 5000, 1_000_000);
    expect(more.length).toBeGreaterThan(5);
    seeds.push(...more.map((seed) => [seed, 1_000_000] as const));
    await store.close();
    await rm(join(options.directory, 'index'), { recursive: true });
    store = await openEngine(options);
    await expectAll();
    expect(await readFile(formatPath, 'utf8')).toBe(format);
    await store.close();
  },
);

test.skipIf(!root).each([0, 2 ** 30])(
  '(needs root to mount) a disk full of small objects takes every removal and gives their room back (slack %d)',
  async (slackBytes) => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    await using disk = await mountSmallDisk(directory, DISK_BYTES / 2);
    const store = await openEngine({ directory: join(disk.path, 'store'), ...storeSizes, slackBytes });
    await using _closed = { [Symbol.asyncDispose]: () => store.close() };
    await store.createBucket('data');

    const there = await fillUp(store, 0, 9000);
    expect(there.length).toBeGreaterThan(500);
    const [removed, kept] = [there.filter((seed) => seed % 2 === 0), there.filter((seed) => seed % 2 === 1)];
    for (const seed of removed) await store.remove('data', `object-${seed}`);

    for (const seed of removed.slice(0, removed.length / 2)) {
      await waitUntil(() => put(store, `object-${seed}`, seed, 9000).catch(() => undefined), {
        timeoutMs: 60_000,
        what: 'room from removed objects',
      });
      kept.push(seed);
    }
    for (const seed of kept) {
      expect((await read(store, `object-${seed}`)).equals(contentOf(seed, 9000)), `object-${seed}`).toBe(true);
    }
    expect(await store.usage('data')).toEqual({ objects: kept.length, bytes: kept.length * 9000 });
  },
);

test.skipIf(!root)(
  '(needs root to mount) the index refuses what does not fit though there seemed to be room, and goes on when there is',
  async () => {
    await using directory = await temporaryDirectory();
    await using disk = await mountSmallDisk(directory.path, 8 * 2 ** 20);
    const filler = join(disk.path, 'filler');
    await writeFile(filler, Buffer.alloc(5 * 2 ** 20));
    const index = IndexFile.open(disk.path);
    const entries = Array.from({ length: 1500 }, (_, i) => [`key ${i}`, Buffer.alloc(2500, i)] as const);
    for (let round = 0; round < 3; round++) {
      await index.write([['before', Buffer.from(`round ${round}`)]]).catch(() => {}); // the failed ones take room
      await expect(index.write(entries)).rejects.toMatchObject({ code: 'disk.full' });
      expect(index.get('key 0')).toBeUndefined();
    }
    expect(index.get('before')?.toString()).toContain('round');
    await rm(filler);
    await index.write(entries);
    expect(index.get('key 1499')).toEqual(Buffer.alloc(2500, 1499));
    await index.close();
  },
);

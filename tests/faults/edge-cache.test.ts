import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEdgeProcess } from '../acceptance/edge/edge-process.ts';
import { FakeSites } from '../acceptance/edge/fake-sites.ts';
import { getRaw } from '../acceptance/edge/site-client.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

const MIB = 2 ** 20;
let sites: FakeSites;

beforeEach(async () => {
  sites = await FakeSites.start();
});
afterEach(() => sites[Symbol.asyncDispose]());

const startEdge = () => startEdgeProcess(sites.tablePath, sites.socketPath, sites.cacheDirectory);
const get = async (port: number, path: string) => (await getRaw(port, path, { host: 'a.example' })).bytes;

/** Bytes that look like no other's, the same each time. */
function bytesOf(name: string, size: number): Buffer {
  const block = createHash('sha512').update(name).digest();
  return Buffer.alloc(size, block);
}

async function unfinished(): Promise<string[]> {
  const names = await readdir(sites.cacheDirectory).catch(() => []);
  return names.filter((name) => name.endsWith('.tmp'));
}

test('an edge that is killed while it writes into its cache serves no half bodies afterwards', async () => {
  const body = bytesOf('half', 2 * MIB);
  const { promise, resolve } = Promise.withResolvers<void>();
  sites.pages.set('/half', { body, until: promise });
  {
    await using edge = await startEdge();
    const cut = get(edge.port, '/half').catch(() => 'cut');
    await expect
      .poll(async () => {
        const [name] = await unfinished();
        return name === undefined ? 0 : (await stat(join(sites.cacheDirectory, name))).size;
      })
      .toBeGreaterThan(MIB / 2);
    await edge.kill9();
    expect(await cut).toBe('cut');
  }
  resolve();
  await using edge = await startEdge();
  expect((await get(edge.port, '/half')).equals(body)).toBe(true);
  expect((await get(edge.port, '/half')).equals(body)).toBe(true);
  expect(sites.count('GET /half')).toBe(2);
  await expect.poll(unfinished).toEqual([]);
});

test('kills at any moment of a busy cache change no body', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `/${i}`);
  const states = (name: string, round: number) => bytesOf(`${name} ${round}`, 1000 + Number(name.slice(1)) * 10_000);
  for (let round = 0; round < 6; round++) {
    await using edge = await startEdge();
    let answered = 0;
    const killed = new AbortController();
    const client = async (name: string) => {
      for (let i = 0; i < 3 && !killed.signal.aborted; i++) {
        const bytes = await get(edge.port, name).catch(() => undefined);
        if (!bytes) return;
        expect(bytes.equals(states(name, round))).toBe(true);
        answered++;
        if (answered > round * 12) killed.abort();
      }
    };
    for (const name of names) sites.pages.set(name, { body: states(name, round) });
    const clients = Promise.all(names.map(client));
    await expect.poll(() => killed.signal.aborted).toBe(true);
    await edge.kill9();
    await clients;
  }
});

test.skipIf(process.getuid?.() !== 0)('a full disk ends the keeping, not the serving (needs root)', async () => {
  await mkdir(sites.cacheDirectory);
  await using disk = await mountSmallDisk(sites.cacheDirectory, 16 * MIB);
  await using edge = await startEdge();
  const serve = async (path: string, body: Buffer) => {
    sites.pages.set(path, { body });
    expect((await get(edge.port, path)).equals(body)).toBe(true);
  };
  await disk.fill();
  for (let i = 0; i < 2; i++) await serve('/first', bytesOf('first', 1000));
  expect(sites.count('GET /first')).toBe(2);
  await disk.empty();
  for (let i = 0; i < 2; i++) await serve('/first', bytesOf('first', 1000));
  expect(sites.count('GET /first')).toBe(3);

  // The cache fills the disk itself, and gives its room back when something else does.
  for (let i = 0; i < 6; i++) await serve(`/${i}`, bytesOf(`full ${i}`, 4 * MIB));
  await disk.fill();
  for (let i = 0; i < 4; i++) await serve('/new', bytesOf('new', 1000));
  expect(sites.count('GET /new')).toBe(2);
});

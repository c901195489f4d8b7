import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EdgeBed } from './edge-bed.ts';
import { startEdgeProcess } from './edge-process.ts';
import { FakeSites } from './fake-sites.ts';
import { getRaw, type RawRequest } from './site-client.ts';

let sites: FakeSites;
let edge: EdgeBed;

beforeEach(async () => {
  sites = await FakeSites.start();
  const cache = { directory: sites.cacheDirectory, maxBytes: 64 * 2 ** 20 };
  edge = await EdgeBed.start({}, { websiteSocket: sites.socketPath, cache });
});
afterEach(async () => {
  await edge[Symbol.asyncDispose]();
  await sites[Symbol.asyncDispose]();
});

const get = (path: string, options: RawRequest = {}) => getRaw(edge.port, path, { host: 'a.example', ...options });
const PATIENCE = { timeout: 60_000 };
const picture = randomBytes(300_000);
const text = 'many words '.repeat(20_000);

describe('a body that is kept', () => {
  test.each([10, 300_000])('of %i bytes is fetched once, and the origin asked each time', async (size) => {
    const body = picture.subarray(0, size);
    sites.pages.set('/a', { body });
    for (let i = 0; i < 4; i++) expect(await get('/a')).toMatchObject({ status: 200, bytes: body });
    expect([sites.count('GET /a'), sites.count('HEAD /a')]).toEqual([1, 3]);
  });

  test('gives ranges, to many at once', async () => {
    sites.pages.set('/a', { body: picture });
    await get('/a');
    const ranges = Array.from({ length: 20 }, (_, i) => [i * 1000, i * 14_000 + 1000] as const);
    await Promise.all(
      ranges.map(async ([start, end]) => {
        const part = await get('/a', { headers: { range: `bytes=${start}-${end}` } });
        expect(part).toMatchObject({ status: 206, bytes: picture.subarray(start, end + 1) });
        expect(part.headers['content-range']).toBe(`bytes ${start}-${end}/${picture.length}`);
        expect(part.headers['content-length']).toBe(String(end - start + 1));
      }),
    );
    expect(sites.count('GET /a')).toBe(1);
  });

  test('is kept in its coding, one for each', async () => {
    sites.pages.set('/a', { body: text, type: 'text/plain' });
    for (let i = 0; i < 3; i++) {
      const { bytes, headers } = await get('/a', { headers: { 'accept-encoding': 'br' } });
      expect(brotliDecompressSync(bytes).toString()).toBe(text);
      expect(headers['content-length']).toBe(String(bytes.length));
      expect((await get('/a')).text).toBe(text);
    }
    expect(sites.count('GET /a')).toBe(2);
  });

  test('is another as soon as the object is', async () => {
    for (const body of ['one', 'two', picture, 'four']) {
      sites.pages.set('/a', { body });
      for (let i = 0; i < 2; i++) expect((await get('/a')).bytes).toEqual(Buffer.from(body));
    }
    sites.pages.set('/a', { body: text, type: 'text/plain' });
    const coded = await get('/a', { headers: { 'accept-encoding': 'br' } });
    expect(coded.headers['content-encoding']).toBe('br');
    sites.pages.delete('/a');
    expect(await get('/a')).toMatchObject({ status: 404, text: 'gone' });
  });

  test('serves a restarted edge', async () => {
    sites.pages.set('/a', { body: picture });
    sites.pages.set('/b', { body: 'small' });
    await get('/a');
    await get('/b');
    await edge.restart();
    await expect
      .poll(async () => {
        const before = sites.count('GET /a') + sites.count('GET /b');
        expect([(await get('/a')).bytes.equals(picture), (await get('/b')).text]).toEqual([true, 'small']);
        return sites.count('GET /a') + sites.count('GET /b') - before;
      }, PATIENCE)
      .toBe(0);
  });
});

describe('many who want the same', () => {
  test('have it fetched once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sites.pages.set('/a', { body: picture, until: promise });
    const answers = Array.from({ length: 30 }, () => get('/a'));
    await expect.poll(() => sites.count('GET /a'), PATIENCE).toBe(1);
    resolve();
    for (const answer of await Promise.all(answers)) expect(answer.bytes.equals(picture)).toBe(true);
    expect(sites.count('GET /a')).toBe(1);
  });

  test('do not wait for the slow one among them, nor for one that leaves', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    sites.pages.set('/a', { body: picture, until: promise });
    const first = request({ port: edge.port, host: '127.0.0.1', path: '/a', headers: { host: 'a.example' } });
    first.on('error', () => {}).end();
    await expect.poll(() => sites.count('GET /a'), PATIENCE).toBe(1);
    const second = get('/a');
    first.destroy();
    resolve();
    expect((await second).bytes.equals(picture)).toBe(true);
    expect(sites.count('GET /a')).toBe(1);
  });

  test('each get their own where it cannot be kept', async () => {
    sites.pages.set('/a', { body: picture, headers: { 'cache-control': 'no-store' } });
    for (const answer of await Promise.all(Array.from({ length: 10 }, () => get('/a')))) {
      expect(answer.bytes.equals(picture)).toBe(true);
    }
    expect(sites.count('GET /a')).toBe(10);
  });
});

describe('what is not kept', () => {
  test.each(['no-store', 'private, max-age=60'])('Cache-Control: %s', async (value) => {
    sites.pages.set('/a', { body: 'x', headers: { 'cache-control': value } });
    for (let i = 0; i < 2; i++) expect(await get('/a')).toMatchObject({ status: 200, text: 'x' });
    expect(sites.count('GET /a')).toBe(2);
  });

  test('large bodies, which a slow client gets at its own pace', async () => {
    const body = randomBytes(12 * 2 ** 20);
    sites.pages.set('/a', { body });
    for (let i = 0; i < 2; i++) expect((await get('/a')).bytes.equals(body)).toBe(true);
    expect(sites.count('GET /a')).toBe(2);
  });

  test('a body that broke off: its client sees that, the next gets it whole', async () => {
    sites.pages.set('/a', { body: picture, cutAfter: 1000 });
    await expect(get('/a')).rejects.toThrow();
    sites.pages.set('/a', { body: picture });
    expect((await get('/a')).bytes.equals(picture)).toBe(true);
  });
});

test('bodies wait for slow clients where they lie, and not in the memory of the edge', async () => {
  const MIB = 2 ** 20;
  sites.pages.set('/large', { body: randomBytes(20 * MIB) });
  sites.pages.set('/text', { body: 'many words '.repeat(800_000), type: 'text/plain' });
  const paths = ['/large', '/text', ...Array.from({ length: 10 }, (_, i) => `/kept/${i}`)];
  for (const path of paths.slice(2)) sites.pages.set(path, { body: randomBytes(6 * MIB) });
  await using child = await startEdgeProcess(sites.tablePath, sites.socketPath, join(sites.cacheDirectory, 'child'));
  const idle = await child.peakMemory();
  const ask = async (path: string) => {
    const headers = { host: 'a.example', 'accept-encoding': path === '/text' ? 'identity' : 'br' };
    const outgoing = request({ port: child.port, host: '127.0.0.1', path, headers, agent: false }).end();
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { path, answer }; // nobody reads it
  };
  const answers = await Promise.all(Array.from({ length: 8 }, () => paths.map(ask)).flat());
  const peak = await child.peakMemory();
  for (const { path, answer } of answers) {
    const bytes = Buffer.concat(await answer.toArray());
    expect(bytes.equals(Buffer.from(sites.pages.get(path)?.body ?? ''))).toBe(true);
  }
  // Of 710 that wait, 230 of them of bodies that are not kept; spent buffers are up to 115, as in streaming.test.ts.
  expect(peak - idle).toBeLessThan(200 * MIB);
});

import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { startEdgeRole } from '../../../src/edge/edge-role.ts';
import { EdgeBed, HOST, readText } from './edge-bed.ts';

test('requests go round the active backends in turn', async () => {
  await using bed = await EdgeBed.start();
  const backends = await Promise.all(['a', 'b', 'c'].map((name) => bed.backend(name, (_req, res) => res.end(name))));
  await bed.route(backends.map(({ active }) => active));
  const answers: string[] = [];
  for (let i = 0; i < 9; i++) answers.push((await bed.fetch('/')).text);
  expect(answers.slice(0, 3).toSorted()).toEqual(['a', 'b', 'c']);
  expect(answers).toEqual([...answers.slice(0, 3), ...answers.slice(0, 3), ...answers.slice(0, 3)]);
});

test('connections are kept on both sides', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (_req, res) => res.end('ok'));
  await bed.route([backend.active]);
  const get = `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
  const text = await bed.raw(get + get + get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  for (let i = 0; i < 5; i++) await bed.fetch('/');
  expect(backend.connections).toBeLessThanOrEqual(3);
});

test('a backend learns who asked, for what name, and cannot be lied to about it', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (req, res) => res.end(JSON.stringify(req.headers)));
  await bed.route([backend.active]);
  const { text } = await bed.fetch('/', {
    host: `${HOST}:7380`,
    headers: { 'X-Forwarded-For': '6.6.6.6', Forwarded: 'for=6.6.6.6', 'X-Real-IP': '6.6.6.6', Cookie: 'a=b' },
  });
  const headers = JSON.parse(text);
  expect(headers).toMatchObject({
    host: `${HOST}:7380`,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-host': `${HOST}:7380`,
    'x-forwarded-proto': 'http',
    forwarded: `for=127.0.0.1;host="${HOST}:7380";proto=http`,
    cookie: 'a=b',
  });
  expect(text).not.toContain('6.6.6.6');
});

test('names: upper case, port, final dot and absolute targets lead there; others get 404, IPv6 literals too', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (req, res) => res.end(req.url));
  await bed.route([backend.active]);
  for (const host of [HOST.toUpperCase(), `${HOST}:80`, `${HOST}.`, `${HOST}.:80`]) {
    expect((await bed.fetch('/x', { host })).status, host).toBe(200);
  }
  for (const host of ['other.localhost', '[::1]:7380', '[::1', ':', '127.0.0.1', '__proto__']) {
    expect((await bed.fetch('/', { host })).status, host).toBe(404);
  }
  const absolute = await bed.raw(`GET http://${HOST}/y?z HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n`);
  expect(absolute).toContain('\r\n\r\n');
  expect(absolute).toContain('/y?z');
});

test('answers of the edge are plain text, or HTML for a browser, with the name escaped', async () => {
  await using bed = await EdgeBed.start();
  const plain = await bed.fetch('/', { host: 'nowhere.localhost' });
  expect(plain.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(plain.text).toContain('nowhere.localhost');
  const html = await bed.fetch('/', { host: '<script>', headers: { Accept: 'text/html' } });
  expect(html.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(html.text).not.toContain('<script>');
});

test('a service without an instance answers 503 with Retry-After, after the hold', async () => {
  await using bed = await EdgeBed.start();
  await bed.route([], 100);
  const start = performance.now();
  const reply = await bed.fetch('/');
  expect(reply.status).toBe(503);
  expect(reply.headers['retry-after']).toBe('5');
  expect(performance.now() - start).toBeGreaterThan(80);
});

test('a restarted edge serves from its table before control speaks to it', async () => {
  await using bed = await EdgeBed.start();
  expect(await bed.admin.getRoutes()).toBeNull();
  const backend = await bed.backend('a', (_req, res) => res.end('ok'));
  await bed.route([backend.active]);
  const table = await bed.admin.getRoutes();
  await bed.restart();
  expect((await bed.fetch('/')).status).toBe(200);
  expect(await bed.admin.getRoutes()).toEqual(table);
});

test('a port in use is named, with the way out', async () => {
  await using bed = await EdgeBed.start();
  const { options, port } = bed;
  const second = startEdgeRole({ ...options, port, adminSocket: `${options.adminSocket}2` });
  await expect(second).rejects.toMatchObject({
    code: 'port.in-use',
    hint: expect.stringContaining('HOLDFAST_HTTP_PORT'),
  });
});

test('a table with a name that leads to two routes is refused and changes nothing', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (_req, res) => res.end('ok'));
  await bed.route([backend.active]);
  const routes = ['x/web', 'y/web'].map((id) => ({ id, hosts: ['same'], backends: [], holdMs: 0 }));
  await expect(bed.admin.setRoutes({ routes })).rejects.toMatchObject({ code: 'edge.table-invalid' });
  expect((await bed.fetch('/')).status).toBe(200);
});

test('requests under way are counted per instance, and to zero', async () => {
  await using bed = await EdgeBed.start();
  const waiting: (() => void)[] = [];
  const backend = await bed.backend('a', async (req, res) => {
    await readText(req);
    waiting.push(() => res.end('ok'));
  });
  await bed.route([backend.active]);
  const replies = Array.from({ length: 5 }, (_, i) => bed.fetch('/', i % 2 ? { method: 'POST', body: 'x' } : {}));
  await waitUntil(() => waiting.length === 5, { timeoutMs: 60_000, what: 'five requests' });
  expect(await bed.inFlight()).toEqual({ a: 5 });
  await bed.admin.setRoutes({ routes: [] });
  expect(await bed.inFlight()).toEqual({ a: 5 });
  for (const finish of waiting) finish();
  expect((await Promise.all(replies)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  await waitUntil(async () => Object.keys(await bed.inFlight()).length === 0, { timeoutMs: 60_000, what: 'none' });
});

import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { waitUntil } from '../../../src/core/retry.ts';
import { EdgeBed, HOST, type TestBackend } from './edge-bed.ts';

/** Upper-cases what it is told, and greets first. */
async function echo(bed: EdgeBed, instance: string): Promise<TestBackend> {
  const backend = await bed.backend(instance, (_req, res) => res.end('plain'));
  const sockets = new WebSocketServer({ server: backend.server });
  sockets.on('connection', (socket) => {
    socket.send(`hello from ${instance}`);
    socket.on('message', (data) => socket.send(String(data).toUpperCase()));
  });
  return backend;
}

function open(bed: EdgeBed): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${bed.port}/chat`, { headers: { Host: HOST } });
}

async function next(socket: WebSocket): Promise<string> {
  const [data] = await once(socket, 'message');
  return String(data);
}

test('a WebSocket passes, both ways, counts as under way, and outlives a drain', async () => {
  await using bed = await EdgeBed.start();
  const a = await echo(bed, 'a');
  const b = await echo(bed, 'b');
  await bed.route([a.active]);
  const socket = open(bed);
  expect(await next(socket)).toBe('hello from a');
  expect(await bed.inFlight()).toEqual({ a: 1 });
  await bed.route([a.draining, b.active]);
  socket.send('still here');
  expect(await next(socket)).toBe('STILL HERE');
  expect((await bed.inFlight()).a).toBe(1);
  const second = open(bed);
  expect(await next(second)).toBe('hello from b');
  const big = 'x'.repeat(3_000_000);
  second.send(big);
  expect(await next(second)).toBe(big.toUpperCase());
  socket.close();
  second.close();
  await waitUntil(async () => Object.values(await bed.inFlight()).every((n) => n === 0), {
    timeoutMs: 60_000,
    what: 'both connections to end',
  });
});

test('a WebSocket is held like any request, and closed with its backend', async () => {
  await using bed = await EdgeBed.start();
  await bed.route([], 10_000);
  const socket = open(bed);
  const greeting = next(socket);
  const a = await echo(bed, 'a');
  await bed.route([a.active], 10_000);
  expect(await greeting).toBe('hello from a');
  const closed = once(socket, 'close');
  await a.kill();
  await closed;
  await waitUntil(async () => (await bed.inFlight()).a === 0, { timeoutMs: 60_000, what: 'the count to fall' });
});

test('a refused upgrade brings the backend’s answer to the client', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (_req, res) => res.writeHead(401).end('who are you?'));
  await bed.route([backend.active]);
  const socket = open(bed);
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(401);
  await bed.route([]);
  const [, none] = await once(open(bed), 'unexpected-response');
  expect(none.statusCode).toBe(503);
});

test('bytes sent with the request to upgrade arrive after it', async () => {
  await using bed = await EdgeBed.start();
  const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: custom\r\n\r\n';
  const server = createTcpServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.endsWith('\r\n\r\n')) socket.write(`${switching}and `);
      if (text.endsWith('early')) socket.end('late');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await bed.route([{ instance: 'a', host: '127.0.0.1', port, state: 'active' }]);
  const head = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: custom\r\n\r\n`;
  // The tunnel is open only after 101: a client that sends earlier gets through all the same.
  expect(await bed.raw(`${head}early`)).toMatch(/^HTTP\/1\.1 101 .*and late$/s);
  server.close();
});

test('h2c is not let through: the request goes on as a plain one', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (req, res) => res.end(`upgrade: ${req.headers.upgrade}`));
  await bed.route([backend.active]);
  const reply = await bed.raw(
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  );
  expect(reply).toContain('200 OK');
  expect(reply).toContain('upgrade: undefined');
});

test('a held WebSocket whose client leaves gives its place up', async () => {
  await using bed = await EdgeBed.start({ maxHeld: 1 });
  await bed.route([], 60_000);
  const client = bed.connect();
  client.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  const get = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
  await waitUntil(async () => (await bed.raw(get, 50)).includes('503'), { timeoutMs: 60_000, what: 'a full room' });
  client.end();
  await waitUntil(async () => (await bed.raw(get, 50)) === '', { timeoutMs: 60_000, what: 'a free place' });
});

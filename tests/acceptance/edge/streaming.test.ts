import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { EdgeBed, HOST, readText } from './edge-bed.ts';
import { startEdgeProcess } from './edge-process.ts';

const MB = 1024 * 1024;

/** `count` times the same block, without ever holding it all. */
function blocks(block: Buffer, count: number): Readable {
  return Readable.from(
    (function* () {
      for (let i = 0; i < count; i++) yield block;
    })(),
  );
}

async function hashOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha1');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

test('200 MB up and 200 MB down pass whole, in bounded memory, also past a slow reader', async () => {
  await using bed = await EdgeBed.start();
  const block = randomBytes(MB);
  const expected = await hashOf(blocks(block, 200));
  const backend = await bed.backend('a', async (req, res) => {
    if (req.method === 'GET') return void pipeline(blocks(block, 200), res);
    await pause(300); // the client must wait for the backend
    res.end(await hashOf(req));
  });
  await bed.route([backend.active]);
  await using edge = await startEdgeProcess(bed.options.tablePath);
  const idle = await edge.peakMemory();

  const upload = request({ port: edge.port, host: '127.0.0.1', method: 'PUT', headers: { Host: HOST } });
  void pipeline(blocks(block, 200), upload);
  const [uploaded] = await once(upload, 'response');
  expect(await readText(uploaded)).toBe(expected);

  const download = request({ port: edge.port, host: '127.0.0.1', headers: { Host: HOST } }).end();
  const [answer] = await once(download, 'response');
  await pause(300); // the backend must wait for the client
  expect(await hashOf(answer)).toBe(expected);
  // V8 lets about 64 MB of spent buffers pile up before it collects them, whatever the length of a body.
  expect((await edge.peakMemory()) - idle).toBeLessThan(120 * MB);
});

test('a backend killed in the middle of an answer cuts the client’s answer visibly', async () => {
  await using bed = await EdgeBed.start();
  for (const headers of [{ 'Content-Length': '1000' }, {}]) {
    let requests = 0;
    const backend = await bed.backend('a', (req, res) => {
      requests++;
      res.writeHead(200, headers).write('half');
      setTimeout(() => req.socket.resetAndDestroy(), 20);
    });
    await bed.route([backend.active]);
    await expect(bed.fetch('/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(requests).toBe(1);
    await waitUntil(async () => (await bed.inFlight()).a === 0, { timeoutMs: 60_000, what: 'the count to fall' });
  }
});

test('a client that leaves ends its request at the backend, before, during and after the answer has begun', async () => {
  await using bed = await EdgeBed.start();
  const gone: string[] = [];
  const backend = await bed.backend('a', (req, res) => {
    const path = req.url ?? '';
    res.once('close', () => gone.push(path));
    if (path === '/stream') res.write('first');
    if (path === '/upload') req.resume();
  });
  await bed.route([backend.active]);
  const requests = {
    '/silent': 'GET /silent',
    '/stream': 'GET /stream',
    '/upload': 'PUT /upload',
  };
  for (const [path, line] of Object.entries(requests)) {
    const client = bed.connect();
    client.write(
      `${line} HTTP/1.1\r\nHost: ${HOST}\r\n${path === '/upload' ? 'Content-Length: 10\r\n\r\nhalf' : '\r\n'}`,
    );
    await waitUntil(async () => (await bed.inFlight()).a === 1, { timeoutMs: 60_000, what: `${path} under way` });
    await pause(20);
    client.destroy();
    await waitUntil(() => gone.includes(path), { timeoutMs: 60_000, what: `${path} to end` });
    await waitUntil(async () => (await bed.inFlight()).a === 0, { timeoutMs: 60_000, what: 'the count to fall' });
  }
});

test('an answer is passed on as it comes: head first, then each event', async () => {
  await using bed = await EdgeBed.start();
  let say = (_event: string) => {};
  const backend = await bed.backend('a', (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    say = (event) => res.write(event);
  });
  await bed.route([backend.active]);
  const req = request({ port: bed.port, host: '127.0.0.1', headers: { Host: HOST } }).end();
  const [answer] = await once(req, 'response');
  expect(answer.headers['content-type']).toBe('text/event-stream');
  for (const event of ['one', 'two']) {
    say(event);
    expect(String((await once(answer, 'data'))[0])).toBe(event);
  }
  req.destroy();
});

test('interim answers, trailers and Expect pass in both directions', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (req, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload' });
    res.writeHead(200, { Trailer: 'X-Sum' });
    req.on('data', (chunk) => res.write(chunk));
    req.on('end', () => {
      res.addTrailers({ 'X-Sum': `${req.trailers['x-sum']}, seen` });
      res.end();
    });
  });
  await bed.route([backend.active]);
  const req = request({
    port: bed.port,
    host: '127.0.0.1',
    method: 'POST',
    headers: { Host: HOST, Expect: '100-continue', 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' },
  });
  const hints = once(req, 'information');
  await once(req, 'continue');
  expect((await hints)[0]).toMatchObject({ statusCode: 100 });
  req.addTrailers({ 'X-Sum': '42' });
  req.end('body');
  const [answer] = await once(req, 'response');
  expect(await readText(answer)).toBe('body');
  expect(answer.trailers['x-sum']).toBe('42, seen');
});

test('Expect refused by the backend: the final answer comes without a body sent', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', () => {});
  backend.server.on('checkContinue', (_req, res) => res.writeHead(413).end('too large'));
  await bed.route([backend.active]);
  const reply = await bed.raw(
    `PUT / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n`,
  );
  expect(reply).toContain('413 Payload Too Large');
  expect(reply).toContain('Connection: close');
});

test('an early answer reaches a client that is still uploading', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (_req, res) => {
    res.writeHead(413).end('too large');
  });
  await bed.route([backend.active]);
  for (let i = 0; i < 5; i++) {
    const reply = await bed.fetch('/', { method: 'PUT', body: Buffer.alloc(20 * MB) });
    expect(reply).toMatchObject({ status: 413, text: 'too large' });
  }
});

test('HEAD, 204, 304 and empty bodies keep their framing', async () => {
  await using bed = await EdgeBed.start();
  const seen: (string | undefined)[] = [];
  const backend = await bed.backend('a', (req, res) => {
    seen.push(req.headers['transfer-encoding'] ?? req.headers['content-length']);
    if (req.url === '/204') res.writeHead(204).end();
    else if (req.url === '/304') res.writeHead(304, { ETag: '"x"' }).end();
    else res.writeHead(200, { 'Content-Length': '5' }).end(req.method === 'HEAD' ? undefined : 'hello');
  });
  await bed.route([backend.active]);
  const head = await bed.fetch('/', { method: 'HEAD' });
  expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '5', '']);
  expect((await bed.fetch('/204')).status).toBe(204);
  expect((await bed.fetch('/304')).headers.etag).toBe('"x"');
  const post = await bed.raw(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  expect(post).toContain('hello');
  expect(seen).toEqual([undefined, undefined, undefined, '0']);
});

test('a connection that died in the pool fails no request, whatever its method', async () => {
  await using bed = await EdgeBed.start();
  let port = 0;
  // Promises to keep each connection, and resets it when the second request comes.
  const server = createTcpServer((socket) => {
    let requests = 0;
    socket.on('error', () => {});
    socket.on('data', () => {
      if (++requests > 1) return socket.resetAndDestroy();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
  await bed.route([{ instance: 'a', host: '127.0.0.1', port, state: 'active' }]);
  for (const method of ['GET', 'GET', 'POST', 'GET', 'DELETE', 'POST', 'GET']) {
    expect((await bed.fetch('/', { method })).status, method).toBe(200);
  }
  server.close();
});

test('a request that may have been acted on is not sent twice', async () => {
  await using bed = await EdgeBed.start();
  let posts = 0;
  let gets = 0;
  const backend = await bed.backend('a', (req) => {
    if (req.method === 'POST') posts++;
    else gets++;
    req.socket.resetAndDestroy();
  });
  await bed.route([backend.active], 2000);
  expect((await bed.fetch('/', { method: 'POST', body: 'x' })).status).toBe(502);
  expect(posts).toBe(1);
  expect((await bed.fetch('/')).status).toBe(502);
  expect(gets).toBe(2);
});

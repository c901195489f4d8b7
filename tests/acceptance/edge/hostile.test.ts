import { createServer as createTcpServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { EdgeBed, HOST, readText } from './edge-bed.ts';

const NEXT = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
const chunked = `0\r\n\r\n`;

/** Each is one request and its body; what it hides must never reach the backend as a request. */
const refused: Record<string, string> = {
  'both lengths': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${NEXT}`,
  'both lengths, the other way round': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n${chunked}${NEXT}`,
  'two different lengths': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\nContent-Length: ${NEXT.length}\r\n\r\n${NEXT}`,
  'a list of lengths': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0, ${NEXT.length}\r\n\r\n${NEXT}`,
  'a signed length': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: +5\r\n\r\nhello${NEXT}`,
  'a hexadecimal length': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0x5\r\n\r\nhello${NEXT}`,
  'a coding that is not chunked': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: xchunked\r\n\r\n${chunked}${NEXT}`,
  'a coding before chunked': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked}${NEXT}`,
  'chunked twice': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${NEXT}`,
  'chunked then identity': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked, identity\r\n\r\n${chunked}${NEXT}`,
  'chunked in HTTP/1.0': `POST / HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}${NEXT}`,
  'a space before the colon': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding : chunked\r\n\r\n${chunked}${NEXT}`,
  'a folded line': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n\r\n${chunked}${NEXT}`,
  'bare line feeds': `POST / HTTP/1.1\nHost: ${HOST}\nContent-Length: 0\n\n${NEXT}`,
  'a carriage return in a field': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n${chunked}${NEXT}`,
  'a null in a field': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: b\0c\r\nContent-Length: 0\r\n\r\n${NEXT}`,
  'a chunk size that overflows': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n${NEXT}`,
  'a chunk size with a sign': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n${NEXT}`,
  'two hosts': `POST / HTTP/1.1\r\nHost: ${HOST}\r\nHost: other\r\nContent-Length: 0\r\n\r\n${NEXT}`,
  'no host': `POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n${NEXT}`,
  'a target that is no path': `POST @other HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\n\r\n${NEXT}`,
  CONNECT: `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${NEXT}`,
};

test.for(Object.entries(refused))('smuggling: %s is refused and the connection ended', async ([, bytes]) => {
  await using bed = await EdgeBed.start();
  const seen: string[] = [];
  const backend = await bed.backend('a', async (req, res) => {
    seen.push(req.url ?? '');
    res.end(await readText(req).catch(() => 'cut'));
  });
  await bed.route([backend.active]);
  const reply = await bed.raw(bytes);
  expect(seen).not.toContain('/smuggled');
  expect(reply.match(/^HTTP\/1\.1 [45]\d\d /gm)?.length ?? 0).toBe(1);
  expect(await bed.inFlight()).toEqual({ a: 0 });
});

test('a client that resets its connection at any point does not hurt the edge', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', (_req, res) => res.end('ok'));
  await bed.route([backend.active], 50);
  for (const start of ['', 'GET', `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, ...Object.values(refused)]) {
    const client = bed.connect();
    client.write(start, 'latin1');
    await new Promise((resolve) => client.write('\r\n', resolve));
    client.resetAndDestroy();
  }
  expect((await bed.fetch('/')).status).toBe(200);
});

test('Connection cannot be used to strip fields that frame or route a request', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', async (req, res) => {
    res.end(JSON.stringify({ headers: req.headers, body: await readText(req) }));
  });
  await bed.route([backend.active]);
  const reply = await bed.raw(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close, Content-Length, Host, X-Forwarded-For, X-Hop\r\nX-Hop: 1\r\nContent-Length: 4\r\n\r\nbody`,
  );
  const { headers, body } = JSON.parse(reply.slice(reply.indexOf('{'), reply.lastIndexOf('}') + 1));
  expect(body).toBe('body');
  expect(headers).toMatchObject({ host: HOST, 'content-length': '4', 'x-forwarded-for': '127.0.0.1' });
  expect(headers).not.toHaveProperty('x-hop');
});

test('fields beyond any count are not dropped: framing and ours hold', async () => {
  await using bed = await EdgeBed.start();
  const backend = await bed.backend('a', async (req, res) => res.end(`[${await readText(req)}]`));
  backend.server.maxHeadersCount = 0;
  await bed.route([backend.active]);
  const many = 'a:b\r\n'.repeat(2500);
  const reply = await bed.raw(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\n${many}Connection: close\r\nContent-Length: 4\r\n\r\nbody`,
  );
  expect(reply).toContain('[body]');
});

test('a head that is too long or too slow is refused', async () => {
  await using bed = await EdgeBed.start({ headersMs: 200 });
  await bed.route([]);
  const long = await bed.raw(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${'x'.repeat(40_000)}\r\n\r\n`);
  expect(long).toMatch(/^HTTP\/1\.1 431 /);
  const slow = await bed.raw(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n`);
  expect(slow).toMatch(/^HTTP\/1\.1 408 /);
});

test('silence ends a request with 504; an upload that moves is never cut', async () => {
  await using bed = await EdgeBed.start({ idleMs: 500 });
  const backend = await bed.backend('a', async (req, res) => {
    if (req.method === 'PUT') res.end(await readText(req));
  });
  await bed.route([backend.active]);
  expect((await bed.fetch('/')).status).toBe(504);
  await waitUntil(async () => (await bed.inFlight()).a === 0, { timeoutMs: 60_000, what: 'the count to fall' });
  let upload = await slowUpload(bed);
  while (upload.longestPauseMs > 250) upload = await slowUpload(bed); // the machine stood still, and nothing moved
  await waitUntil(() => upload.reply().includes('0123456789'), { timeoutMs: 60_000, what: 'the answer' });
});

/** Ten bytes, one after the other, in more than 600 ms. */
async function slowUpload(bed: EdgeBed): Promise<{ readonly longestPauseMs: number; reply(): string }> {
  const client = bed.connect();
  let reply = '';
  client.on('data', (chunk: Buffer) => {
    reply += chunk;
  });
  client.write(`PUT / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\n`);
  let longestPauseMs = 0;
  for (const byte of '0123456789') {
    const before = performance.now();
    client.write(byte);
    await pause(60);
    longestPauseMs = Math.max(longestPauseMs, performance.now() - before);
  }
  return { longestPauseMs, reply: () => reply };
}

test.for([
  ['not HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a coding that we cannot undo', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['a switch of protocols that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a status that is none', 'HTTP/1.1 099 What\r\nContent-Length: 0\r\n\r\n'],
  ['nothing', ''],
])('a backend that answers with %s gives 502', async ([, bytes]) => {
  await using bed = await EdgeBed.start();
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await bed.route([{ instance: 'a', host: '127.0.0.1', port, state: 'active' }]);
  expect((await bed.fetch('/')).status).toBe(502);
  expect(await bed.inFlight()).toEqual({ a: 0 });
  server.close();
});

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createPoster } from './post.ts';
import { type Resolve, TargetAddresses } from './target-addresses.ts';

const LOOPBACK = '127.0.0.1';
const TIMEOUT_MS = 300;
/** For an answer that comes at once, and may be waited for to its end. */
const LONGER_MS = 2000;

/** What becomes of a delivery to a server that answers so, and leaves the connection open. */
async function outcomeOf(answer: string, timeoutMs: number) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer));
  });
  await once(server.listen(0, LOOPBACK), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await outcomeAt(`http://${LOOPBACK}:${port}/`, { timeoutMs });
  } finally {
    server.close();
  }
}

async function outcomeAt(url: string, { timeoutMs, resolve }: { timeoutMs: number; resolve?: Resolve }) {
  const post = createPoster({ targets: new TargetAddresses([LOOPBACK], resolve), timeoutMs });
  try {
    return await post({ url, headers: {}, body: '{}' });
  } finally {
    post.close();
  }
}

test.concurrent.each([
  ['nothing', '', 'no answer in 300 ms'],
  ['half a head', 'HTTP/1.1 200 OK\r\nx-a: b\r\n', 'no answer in 300 ms'],
  ['interim answers alone', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100), 'no answer in 300 ms'],
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n',
    '101: other',
  ],
  ['no HTTP', 'no HTTP\r\n\r\n', 'Parse Error'],
  ['a redirect', 'HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\n\r\n', '307: redirects'],
])('a receiver that answers with %s fails the delivery in time', async (_what, answer, error) => {
  const timeoutMs = error.startsWith('no answer') ? TIMEOUT_MS : LONGER_MS;
  expect(await outcomeOf(answer, timeoutMs)).toEqual({ delivered: false, error: expect.stringContaining(error) });
});

test.concurrent.each([
  ['breaks off', 'content-length: 100\r\n\r\nabc'],
  ['goes wrong', 'transfer-encoding: chunked\r\n\r\n3\r\nabc\r\nno chunk\r\n'],
  ['is larger than what is read of it', `content-length: 1000000\r\n\r\n${'x'.repeat(100_000)}`],
])('a delivery is made by the status, also where the body %s', async (_what, rest) => {
  expect(await outcomeOf(`HTTP/1.1 200 OK\r\n${rest}`, LONGER_MS)).toEqual({ delivered: true, status: 200 });
});

test.concurrent('a name that is looked up without end fails the delivery in time', async () => {
  const resolve = () => new Promise<never>(() => {});
  const outcome = await outcomeAt('http://hooks.internal/', { timeoutMs: TIMEOUT_MS, resolve });
  expect(outcome).toEqual({ delivered: false, error: 'no answer in 300 ms' });
});

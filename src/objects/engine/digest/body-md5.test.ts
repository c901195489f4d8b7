import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitUntil } from '../../../core/retry.ts';
import { bodyMd5, THREADED_BYTES } from './body-md5.ts';
import { Md5Threads } from './md5-threads.ts';

const content = randomBytes(THREADED_BYTES + 300_000);
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

let threads: Md5Threads;

beforeEach(() => {
  threads = new Md5Threads({ idleMs: 5 });
});

afterEach(() => threads.close());

async function digestOf(bytes: Buffer, pieceBytes: number, size: number | undefined = bytes.length): Promise<string> {
  const body = bodyMd5(threads, size);
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
      await body.update(piece);
      piece.fill(0); // they are the caller's again
    }
    return await body.digest();
  } finally {
    body.release();
  }
}

test.each([10_000, 64 * 2 ** 10, 256 * 2 ** 10, 300_001, content.length])(
  'of bodies by pieces of %i bytes',
  async (piece) => {
    const sizes = [THREADED_BYTES, THREADED_BYTES + 1, content.length];
    const bodies = sizes.map((size) => content.subarray(0, size));
    const digests = await Promise.all(bodies.map((bytes) => digestOf(bytes, piece)));
    expect(digests).toEqual(bodies.map(md5));
    expect(threads.size).toBeGreaterThan(0);
  },
);

test('of a body that is shorter than was said, or empty', async () => {
  expect(await digestOf(content.subarray(0, 10), 3, THREADED_BYTES)).toBe(md5(content.subarray(0, 10)));
  expect(await digestOf(Buffer.alloc(0), 1, THREADED_BYTES)).toBe(md5(Buffer.alloc(0)));
});

test('small bodies, and those of unknown size, need no thread', async () => {
  expect(await digestOf(content.subarray(0, 1000), 100)).toBe(md5(content.subarray(0, 1000)));
  const unknown = bodyMd5(threads, undefined);
  await unknown.update(content);
  expect(await unknown.digest()).toBe(md5(content));
  expect(threads.size).toBe(0);
});

test('threads without bodies end, and come again', async () => {
  await digestOf(content, 2 ** 20);
  await waitUntil(() => threads.size === 0, { timeoutMs: 60_000, what: 'the thread to end' });
  expect(await digestOf(content, 2 ** 20)).toBe(md5(content));
});

test('a thread stays while it has a body; one that was given up disturbs no other', async () => {
  const slow = bodyMd5(threads, content.length);
  await slow.update(content);
  const givenUp = bodyMd5(threads, content.length);
  await givenUp.update(content);
  givenUp.release();
  expect(await digestOf(content, 2 ** 20)).toBe(md5(content));
  expect(await slow.digest()).toBe(md5(content));
  slow.release();
});

test('a thread that dies fails the bodies that it has, and the next has another', async () => {
  const body = bodyMd5(threads, content.length);
  await body.update(content);
  await threads.close();
  await expect(body.digest()).rejects.toThrow('ended');
  body.release();
  expect(await digestOf(content, 2 ** 20)).toBe(md5(content));
});

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { receiveBlocks } from './received-blocks.ts';

const KIB = 2 ** 10;
const content = randomBytes(700 * KIB);

/** A request as the parser cuts it: each piece a copy. */
function requestOf(pieceBytes: number): IncomingMessage {
  const pieces = Array.from({ length: Math.ceil(content.length / pieceBytes) }, (_, i) =>
    Buffer.from(Uint8Array.from(content.subarray(i * pieceBytes, (i + 1) * pieceBytes)).buffer),
  );
  return Readable.from(pieces) as IncomingMessage;
}

test.each([1000, 65_000, 64 * KIB, 700 * KIB])(
  'pieces of %i bytes become blocks with the same bytes',
  async (bytes) => {
    for (const size of [content.length, undefined]) {
      const blocks = await Array.fromAsync(receiveBlocks(requestOf(bytes), size));
      expect(blocks.map(({ length }) => length)).toEqual([...Array(5).fill(128 * KIB), 60 * KIB]);
      expect(Buffer.concat(blocks).equals(content)).toBe(true);
    }
  },
);

test('a body without bytes has no blocks', async () => {
  expect(await Array.fromAsync(receiveBlocks(Readable.from([]) as IncomingMessage, undefined))).toEqual([]);
});

test('a request that breaks off fails its reader, who has had no half block', async () => {
  const broken = new Error('the client left');
  const pieces = async function* () {
    yield Buffer.alloc(150 * KIB);
    throw broken;
  };
  const received: number[] = [];
  const reading = async () => {
    for await (const { length } of receiveBlocks(Readable.from(pieces()) as IncomingMessage)) received.push(length);
  };
  await expect(reading()).rejects.toBe(broken);
  expect(received).toEqual([128 * KIB]);
});

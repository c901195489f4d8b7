import type { IncomingMessage } from 'node:http';
import { giveBack, own } from '../../../core/owned-bytes.ts';

/** Whole chunks of an encrypted file. Each upload that waits for the disk holds one. */
const BLOCK_BYTES = 128 * 2 ** 10;

/**
 * The bytes of a large body, in blocks that the reader owns: each layer below pays for a block what it would pay for
 * a piece as the parser cuts it. A reader that stops early leaves the request as it is.
 * @param size where it is known
 */
export async function* receiveBlocks(
  req: IncomingMessage,
  size = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let left = size;
  let block: Buffer | undefined;
  let filled = 0;
  for await (const piece of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length; ) {
      block ??= Buffer.allocUnsafeSlow(left > 0 ? Math.min(left, BLOCK_BYTES) : BLOCK_BYTES);
      const copied = piece.copy(block, filled, at);
      at += copied;
      filled += copied;
      left -= copied;
      if (filled < block.length) continue;
      yield own(block);
      block = undefined;
      filled = 0;
    }
    if (piece.byteLength === piece.buffer.byteLength) giveBack(own(piece)); // the parser's copy, for us alone
  }
  if (block) yield own(block.subarray(0, filled));
}

import { giveBack, own } from '../../core/owned-bytes.ts';

/** Whole chunks of an encrypted file. Each upload that waits for the disk holds one. */
const BLOCK_BYTES = 128 * 2 ** 10;

/**
 * The bytes of a large body, in blocks that the reader owns: each layer below pays for a block what it would pay for
 * a piece as it came. A piece that is all of its memory is given back.
 * @param size where it is known
 */
export async function* inBlocks(
  pieces: AsyncIterable<Uint8Array>,
  size = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let left = size;
  let block: Buffer | undefined;
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      block ??= Buffer.allocUnsafeSlow(left > 0 ? Math.min(left, BLOCK_BYTES) : BLOCK_BYTES);
      const taken = piece.subarray(at, at + block.length - filled);
      block.set(taken, filled);
      at += taken.length;
      filled += taken.length;
      left -= taken.length;
      if (filled < block.length) continue;
      yield own(block);
      block = undefined;
      filled = 0;
    }
    if (piece.byteLength === piece.buffer.byteLength) giveBack(own(piece));
  }
  if (block) yield own(block.subarray(0, filled));
}

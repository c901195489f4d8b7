/**
 * Large buffers lie outside of the collector's heap. Left to it, a few hundred MiB a second of them make it
 * mark the whole heap many times a second, which takes longer than all that is done with them: so who uses
 * such bytes last gives them back. Bytes pass from one owner to the next; only what was marked is ever given
 * back, and a view of a part of it never is.
 */
const owned = new WeakSet<Uint8Array>();
/** Where the memory of a block goes instead of to the system. */
const pools = new WeakMap<ArrayBuffer, BlockPool>();

/** `bytes` are all of their memory that anybody uses, and have one owner: whoever has got them. */
export function own<T extends Uint8Array>(bytes: T): T {
  owned.add(bytes);
  return bytes;
}

/** Frees the memory of what was marked, at once, unless it is free already. For the owner, who does not look at it again. */
export function giveBack(bytes: Uint8Array): void {
  const buffer = bytes.buffer as ArrayBuffer;
  if (!owned.delete(bytes) || buffer.detached) return;
  const pool = pools.get(buffer);
  if (pool) pool.keep(buffer);
  else buffer.transfer(0);
}

/**
 * Blocks of one size, some of which are kept when they are given back: freed many at a time, the C library returns
 * them to the system, and each page of the next one is a fault. Views of a block that was given back are empty as ever.
 */
export class BlockPool {
  readonly #blockBytes: number;
  readonly #limit: number;
  readonly #spare: ArrayBuffer[] = [];

  /** @param limit blocks that are kept */
  constructor(blockBytes: number, limit: number) {
    this.#blockBytes = blockBytes;
    this.#limit = limit;
  }

  /** With anything in it. */
  take(): Buffer<ArrayBuffer> {
    const spare = this.#spare.pop();
    const block = spare ? Buffer.from(spare) : Buffer.allocUnsafeSlow(this.#blockBytes);
    pools.set(block.buffer, this);
    return block;
  }

  keep(buffer: ArrayBuffer): void {
    if (this.#spare.length < this.#limit) this.#spare.push(buffer.transfer());
    else buffer.transfer(0);
  }
}

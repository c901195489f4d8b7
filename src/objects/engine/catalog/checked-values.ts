import { textOf } from './index-keys.ts';

const CHECKSUM_BYTES = 4;
const PRIME = 0x9e3779b1;

/**
 * Each value of the index is kept with a checksum over it and its key. It is made of rounds as those of xxHash, each
 * of which can be undone: a change within four aligned bytes is always seen, any other but for one in 2^32. CRC-32
 * of zlib costs twice as much for what a listing reads, since it is called for each value anew.
 */
export function withChecksum(key: string, value: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(value.length + CHECKSUM_BYTES);
  value.copy(bytes);
  bytes.writeInt32LE(keySum(key) ^ valueSum(viewOf(value), value.length), value.length);
  return bytes;
}

/** Of bytes as `withChecksum` gives them. */
export function isWhole(key: Buffer, bytes: Buffer): boolean {
  const end = bytes.length - CHECKSUM_BYTES;
  return end >= 0 && keySum(textOf(key)) === (valueSum(viewOf(bytes), end) ^ bytes.readInt32LE(end));
}

/** lmdb's decoder. It is not told of which key the value is: who asked for it has to compare. */
export class CheckedValues {
  #keySum: number | undefined;
  /** lmdb hands over the same buffer again and again. */
  #source: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  readonly encode = (value: Buffer): Buffer => value;

  /** A copy from the pool costs a fifth of lmdb's own, which allocates each by itself. */
  decode(bytes: Uint8Array, length: unknown): Buffer {
    const end = (typeof length === 'number' ? length : bytes.length) - CHECKSUM_BYTES;
    this.#keySum = undefined;
    if (end < 0) return Buffer.alloc(0);
    if (this.#source !== bytes) {
      this.#source = bytes;
      this.#view = viewOf(bytes);
    }
    this.#keySum = valueSum(this.#view, end) ^ this.#view.getInt32(end, true);
    const value = Buffer.allocUnsafe(end);
    Buffer.prototype.copy.call(bytes, value, 0, 0, end);
    return value;
  }

  /** Whether what was decoded last was written under that key, and is as it was written. */
  isOf(key: string): boolean {
    return this.#keySum === keySum(key);
  }
}

/** To the end of the buffer: lmdb gives its own another length each time. */
function viewOf({ buffer, byteOffset }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset);
}

function keySum(key: string): number {
  const { length } = key;
  let sum = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    const low = key.charCodeAt(at) | (key.charCodeAt(at + 1) << 8);
    sum = round(sum, low | (key.charCodeAt(at + 2) << 16) | (key.charCodeAt(at + 3) << 24));
  }
  for (; at < length; at++) sum = round(sum, key.charCodeAt(at));
  return sum;
}

function valueSum(view: DataView, length: number): number {
  let sum = length;
  let at = 0;
  for (; at + 4 <= length; at += 4) sum = round(sum, view.getInt32(at, true));
  for (; at < length; at++) sum = round(sum, view.getUint8(at));
  return sum;
}

function round(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, PRIME);
  return (product << 13) | (product >>> 19);
}

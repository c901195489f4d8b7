import { piecesOf } from './body.ts';
import { resolveRange } from './byte-range.ts';
import type { ByteRange, ObjectInfo, ObjectRead } from './object.ts';

/** A read of bytes that are at hand: whatever happens to the object, they are. */
export function heldRead(info: ObjectInfo, bytes: Uint8Array): ObjectRead {
  return {
    info,
    bytes,
    body: (range) => piecesOf(bytesWithin(bytes, range)),
    release() {},
  };
}

/** They share memory. @throws HoldfastError `object.range` */
export function bytesWithin(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  const { start, end } = resolveRange(range, bytes.length);
  return bytes.subarray(start, end + 1);
}

import { randomFillSync } from 'node:crypto';

/** A call into the system's generator costs more than the few bytes of a key or a nonce: it is asked for many at once. */
const POOL_BYTES = 4096;
const pool = Buffer.allocUnsafeSlow(POOL_BYTES);
let used = POOL_BYTES;

/** As `randomBytes` of node:crypto, for a few bytes; no byte is given twice, and none stays in the pool. */
export function pooledRandomBytes(size: number): Buffer {
  if (size > POOL_BYTES) throw new RangeError(`the pool gives at most ${POOL_BYTES} bytes`);
  if (used + size > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + size));
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
}

import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford base 32: no i, l, o, u

function encode(value: bigint, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    text = ALPHABET[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return text;
}

/** `vol_01jd3v…`: prefix, 48 bits of milliseconds, 65 random bits. Sorts by creation time. */
export function newId(prefix: string, now: number = Date.now()): string {
  const random = BigInt(`0x${randomBytes(9).toString('hex')}`);
  return `${prefix}_${encode(BigInt(now), 10)}${encode(random, 13)}`;
}

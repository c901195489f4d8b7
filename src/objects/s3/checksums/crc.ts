/**
 * The two CRCs of S3 that Node does not have (`node:zlib` has CRC-32), reflected,
 * eight bytes at a step ("slicing by 8", Kounavis and Berry, 2005).
 */

const SLICES = 8;

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). `crc` is the value of what came before, 0 at first. */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  crc32cTable ??= makeCrc32cTable();
  const table = crc32cTable;
  let value = ~crc;
  let i = 0;
  for (const end = bytes.length - (SLICES - 1); i < end; i += SLICES) {
    const low = value ^ word(bytes, i);
    const high = word(bytes, i + 4);
    value =
      at(table, 7, low & 255) ^
      at(table, 6, (low >>> 8) & 255) ^
      at(table, 5, (low >>> 16) & 255) ^
      at(table, 4, low >>> 24) ^
      at(table, 3, high & 255) ^
      at(table, 2, (high >>> 8) & 255) ^
      at(table, 1, (high >>> 16) & 255) ^
      at(table, 0, high >>> 24);
  }
  for (; i < bytes.length; i++) value = at(table, 0, (value ^ (bytes[i] as number)) & 255) ^ (value >>> 8);
  return ~value >>> 0;
}

/** CRC-64/NVME (NVM Express NVM Command Set, section 5.2.1.3.4) in two halves: BigInt would be fifty times slower. */
export interface Crc64 {
  readonly high: number;
  readonly low: number;
}

export function crc64nvme(bytes: Uint8Array, crc: Crc64 = { high: 0, low: 0 }): Crc64 {
  crc64Tables ??= makeCrc64Tables();
  const { high: highs, low: lows } = crc64Tables;
  let low = ~crc.low;
  let high = ~crc.high;
  let i = 0;
  for (const end = bytes.length - (SLICES - 1); i < end; i += SLICES) {
    const a = low ^ word(bytes, i);
    const b = high ^ word(bytes, i + 4);
    low =
      at(lows, 7, a & 255) ^
      at(lows, 6, (a >>> 8) & 255) ^
      at(lows, 5, (a >>> 16) & 255) ^
      at(lows, 4, a >>> 24) ^
      at(lows, 3, b & 255) ^
      at(lows, 2, (b >>> 8) & 255) ^
      at(lows, 1, (b >>> 16) & 255) ^
      at(lows, 0, b >>> 24);
    high =
      at(highs, 7, a & 255) ^
      at(highs, 6, (a >>> 8) & 255) ^
      at(highs, 5, (a >>> 16) & 255) ^
      at(highs, 4, a >>> 24) ^
      at(highs, 3, b & 255) ^
      at(highs, 2, (b >>> 8) & 255) ^
      at(highs, 1, (b >>> 16) & 255) ^
      at(highs, 0, b >>> 24);
  }
  for (; i < bytes.length; i++) {
    const index = (low ^ (bytes[i] as number)) & 255;
    low = ((low >>> 8) | (high << 24)) ^ (lows[index] as number);
    high = (high >>> 8) ^ (highs[index] as number);
  }
  return { high: ~high >>> 0, low: ~low >>> 0 };
}

let crc32cTable: Int32Array | undefined;
let crc64Tables: { readonly high: Int32Array; readonly low: Int32Array } | undefined;

/** Entry `byte` of slice `slice`; the indices are in range by construction. */
function at(table: Int32Array, slice: number, byte: number): number {
  return table[slice * 256 + byte] as number;
}

/** Four bytes, little endian. */
function word(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  );
}

function makeCrc32cTable(): Int32Array {
  const table = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    table[byte] = value;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number;
    table[i] = (table[before & 255] as number) ^ (before >>> 8);
  }
  return table;
}

function makeCrc64Tables(): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(SLICES * 256);
  const low = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    low[byte] = Number(value & 0xffffffffn);
    high[byte] = Number(value >> 32n);
  }
  for (let i = 256; i < low.length; i++) {
    const before = { high: high[i - 256] as number, low: low[i - 256] as number };
    const first = before.low & 255;
    low[i] = (low[first] as number) ^ ((before.low >>> 8) | (before.high << 24));
    high[i] = (high[first] as number) ^ (before.high >>> 8);
  }
  return { high, low };
}

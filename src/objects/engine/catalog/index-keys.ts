import { readUint64, writeUint64 } from '../uint64.ts';

/**
 * Keys of the index. The first byte is the table; versions sort by
 * bucket · key · inverted stamp, so that the newest version of a key comes first,
 * "as of T" is a seek, and a listing is a range read.
 */
export const IndexTable = {
  version: 1,
  bucket: 2,
  upload: 3,
  part: 4,
  file: 5,
  usage: 6,
  segment: 7,
  state: 8,
  retained: 9,
  whiteout: 10,
  prune: 11,
  null: 12,
} as const;

/** Tables with keys as those of versions. */
export type VersionedTable = typeof IndexTable.version | typeof IndexTable.retained | typeof IndexTable.whiteout;

/** Tables with keys that begin with the bucket and the object's key. */
export type ObjectTable = VersionedTable | typeof IndexTable.null;

const MAX_STAMP = Number.MAX_SAFE_INTEGER;
const STAMP_BYTES = 9; // U+0000 and the inverted stamp
const VERSION_PREFIX_BYTES = 5;
const NO_KEY = Buffer.alloc(0);

/** Everything of an object key but the stamp; keys hold no U+0000, so it ends the key. */
export function objectPrefix(bucket: number, key: Uint8Array, table: ObjectTable = IndexTable.version): Buffer {
  const bytes = Buffer.allocUnsafe(VERSION_PREFIX_BYTES + key.length);
  bytes.writeUInt8(table, 0);
  bytes.writeUInt32BE(bucket, 1);
  bytes.set(key, VERSION_PREFIX_BYTES);
  return bytes;
}

export function versionKey(prefix: Buffer, stamp: number): Buffer {
  const bytes = Buffer.allocUnsafe(prefix.length + STAMP_BYTES);
  prefix.copy(bytes);
  bytes.writeUInt8(0, prefix.length);
  writeUint64(bytes, MAX_STAMP - stamp, prefix.length + 1);
  return bytes;
}

/** Of an object, by its prefix in another table. */
export function nullKey(prefix: Buffer): Buffer {
  const key = Buffer.from(prefix);
  key.writeUInt8(IndexTable.null, 0);
  return key;
}

/** Before every key that continues `prefix`, after every version of it. */
export function afterKey(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(1)]);
}

/** After every key that begins with `prefix`: UTF-8 has no byte 0xFF. */
export function afterPrefix(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(0xff)]);
}

export function bucketRange(
  bucket: number,
  table: ObjectTable = IndexTable.version,
): { readonly start: Buffer; readonly end: Buffer } {
  return { start: objectPrefix(bucket, NO_KEY, table), end: objectPrefix(bucket + 1, NO_KEY, table) };
}

export function everyBucket(table: ObjectTable): { readonly start: Buffer; readonly end: Buffer } {
  return { start: bucketRange(0, table).start, end: bucketRange(2 ** 32 - 2, table).end };
}

/**
 * Keys and prefixes as texts, one character a byte: in the same order, cheap to compare, fit for maps.
 * For lmdb too they are cheaper than buffers.
 */
export const textOf = (bytes: Buffer): string => bytes.toString('latin1');
export const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

export function tableOfText(key: string): number {
  return key.charCodeAt(0);
}

export function prefixTextOf(key: string): string {
  return key.slice(0, -STAMP_BYTES);
}

/** The object key's bytes. */
export function nameOf(key: string): string {
  return key.slice(VERSION_PREFIX_BYTES, -STAMP_BYTES);
}

const ASCII = /^[\0-\x7f]*$/;

export function objectKeyOfName(name: string): string {
  return ASCII.test(name) ? name : bytesOf(name).toString();
}

export function stampOfText(key: string): number {
  let inverted = 0;
  for (let at = key.length - STAMP_BYTES + 1; at < key.length; at++) inverted = inverted * 256 + key.charCodeAt(at);
  return MAX_STAMP - inverted;
}

export function stampOf(key: Buffer): number {
  return MAX_STAMP - readUint64(key, key.length - 8);
}

export function bucketOf(key: Buffer): number {
  return key.readUInt32BE(1);
}

export function prefixOf(key: Buffer): Buffer {
  return key.subarray(0, key.length - STAMP_BYTES);
}

/** The object key's bytes. */
export function keyOfPrefix(prefix: Buffer): Buffer {
  return prefix.subarray(VERSION_PREFIX_BYTES);
}

/** A row of one of the small tables. */
export function rowKey(table: number, id: string): Buffer {
  return Buffer.concat([Buffer.of(table), Buffer.from(id)]);
}

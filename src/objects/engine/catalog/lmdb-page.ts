/**
 * What LMDB's own reader follows without a look (mdb.c: MDB_meta, MDB_page, MDB_node), of files that this
 * machine's lmdb writes: little-endian, 64 bits, no duplicates, no databases in the database.
 */

export const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
/** Of an empty tree: P_INVALID. */
const NO_ROOT = 0xffff_ffff_ffff_ffffn;

export const PageKind = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const;
/** What a page is, without what says how far LMDB is with it. */
const KIND_BITS = 0x6f;
const BIG_DATA = 0x01;
const INTEGER_KEY = 0x08;
/** Of the environment: that the path is a file's. The others say how LMDB is to read it. */
const NO_SUBDIRECTORY = 0x4000;

export class LmdbDamage extends Error {}

/** Asked many times of each page: what is said is put together only where it has to be. */
export function insist(holds: boolean, what: string, page?: number): asserts holds {
  if (!holds) throw new LmdbDamage(page === undefined ? what : `page ${page} ${what}`);
}

export interface LmdbTree {
  readonly root: number | undefined;
  readonly depth: number;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
}

export interface LmdbMeta {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: bigint;
  /** Of the pages that can be used again. */
  readonly free: LmdbTree;
  readonly main: LmdbTree;
}

/** Of a leaf, where the value is in its page; or the overflow pages that it begins on. */
export interface LmdbValue {
  readonly length: number;
  readonly at?: number;
  readonly overflow?: { readonly page: number; readonly pages: number };
}

interface PageClaim {
  readonly kind: number;
  /** The last one. */
  readonly transaction: bigint;
}

/** @throws LmdbDamage */
export function decodeMeta(page: Buffer): LmdbMeta {
  insist((page.readUInt16LE(18) & KIND_BITS) === PageKind.meta, 'a meta page is none');
  insist(page.readUInt32LE(24) === MAGIC, 'the magic number is another');
  insist((page.readUInt32LE(28) & 0xffff) === DATA_VERSION, 'the version is another');
  const pageBytes = page.readUInt32LE(48);
  insist(pageBytes >= 4096 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0, 'the page size is none');
  return {
    pageBytes,
    lastPage: Number(page.readBigUInt64LE(144)),
    transaction: page.readBigUInt64LE(152),
    free: decodeTree(page, 48, INTEGER_KEY),
    main: decodeTree(page, 96, 0),
  };
}

function decodeTree(page: Buffer, at: number, flags: number): LmdbTree {
  insist((page.readUInt16LE(at + 4) & ~NO_SUBDIRECTORY) === flags, 'a tree is of another kind');
  const root = page.readBigUInt64LE(at + 40);
  return {
    root: root === NO_ROOT ? undefined : Number(root),
    depth: page.readUInt16LE(at + 6),
    branches: Number(page.readBigUInt64LE(at + 8)),
    leaves: Number(page.readBigUInt64LE(at + 16)),
    overflows: Number(page.readBigUInt64LE(at + 24)),
    entries: Number(page.readBigUInt64LE(at + 32)),
  };
}

/** Whether the page of that number is what its header says; LMDB writes on in one that seems to be of a later transaction. */
export function checkHeader(page: Buffer, number: number, { kind, transaction }: PageClaim): void {
  insist(page.readBigUInt64LE(0) === BigInt(number), 'is another one', number);
  insist(page.readBigUInt64LE(8) <= transaction, 'is of a later transaction', number);
  insist((page.readUInt16LE(18) & KIND_BITS) === kind, 'is of another kind', number);
}

/** Where the nodes of a page are, each after those before it in the order of keys, and that they fill it to its end. */
export function nodesOf(page: Buffer, number: number, sizeOf: (node: number) => number): readonly number[] {
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const room = page.length - PAGE_HEADER_BYTES;
  insist(lower % 2 === 0 && lower <= upper && upper <= room, 'has other bounds', number);
  const nodes: number[] = [];
  let used = 0;
  for (let at = PAGE_HEADER_BYTES; at < PAGE_HEADER_BYTES + lower; at += 2) {
    const node = page.readUInt16LE(at);
    insist(node >= upper && node + NODE_HEADER_BYTES <= room, 'has a node outside of it', number);
    const size = sizeOf(PAGE_HEADER_BYTES + node);
    insist(node + size <= room, 'has a node that does not fit', number);
    used += size + (size % 2);
    nodes.push(PAGE_HEADER_BYTES + node);
  }
  insist(used === room - upper, 'has nodes of another size', number);
  return nodes;
}

function keyBytes(page: Buffer, node: number): number {
  return page.readUInt16LE(node + 6);
}

export function keyOf(page: Buffer, node: number): Buffer {
  const start = node + NODE_HEADER_BYTES;
  return page.subarray(start, start + keyBytes(page, node));
}

export function branchNodeBytes(page: Buffer, node: number): number {
  return NODE_HEADER_BYTES + keyBytes(page, node);
}

export function childOf(page: Buffer, node: number): number {
  return page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 2 ** 32;
}

export function leafNodeBytes(page: Buffer, node: number): number {
  const isBig = page.readUInt16LE(node + 4) === BIG_DATA;
  return branchNodeBytes(page, node) + (isBig ? OVERFLOW_REF_BYTES : page.readUInt32LE(node));
}

/** Page, transaction, count. */
const OVERFLOW_REF_BYTES = 24;

export function leafValueOf(page: Buffer, node: number): LmdbValue {
  const length = page.readUInt32LE(node);
  const flags = page.readUInt16LE(node + 4);
  const at = node + branchNodeBytes(page, node);
  insist(flags === 0 || flags === BIG_DATA, 'a value is of another kind');
  if (flags === 0) return { length, at };
  const pages = Number(page.readBigUInt64LE(at + 16));
  insist(pages === Math.floor((PAGE_HEADER_BYTES - 1 + length) / page.length) + 1, 'a value has other pages');
  return { length, overflow: { page: Number(page.readBigUInt64LE(at)), pages } };
}

/** The first pages and lengths of stretches that can be used again: of more than one page the negated length comes before. */
export function freeStretches(list: Buffer): readonly (readonly [first: number, pages: number])[] {
  const count = list.length >= 8 ? Number(list.readBigUInt64LE(0)) : Number.NaN;
  insist(count * 8 + 8 <= list.length, 'a list of free pages is longer than its value');
  const stretches: [number, number][] = [];
  let pages = 1;
  for (let i = 1; i <= count; i++) {
    const entry = Number(list.readBigInt64LE(i * 8));
    if (entry > 0) stretches.push([entry, pages]);
    pages = entry < 0 ? -entry : 1;
  }
  return stretches;
}

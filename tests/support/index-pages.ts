import { open, readFile } from 'node:fs/promises';
import { childOf, decodeMeta, PAGE_HEADER_BYTES, PageKind } from '../../src/objects/engine/catalog/lmdb-page.ts';

/** Where the root of the objects' tree begins in an index file. */
export async function rootOf(path: string): Promise<number> {
  const bytes = await readFile(path);
  const first = decodeMeta(bytes);
  const second = decodeMeta(bytes.subarray(first.pageBytes));
  const { main, pageBytes } = first.transaction >= second.transaction ? first : second;
  return (main.root ?? 0) * pageBytes;
}

/** Where the first page below the root begins. */
export async function firstBelow(path: string): Promise<number> {
  const root = await rootOf(path);
  const page = (await readFile(path)).subarray(root, root + 4096);
  if ((page.readUInt16LE(18) & PageKind.branch) === 0) throw new Error('the root is a leaf');
  return childOf(page, PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES)) * 4096;
}

/** Turns one bit of a file over. */
export async function flipBit(path: string, offset: number, bit = 0): Promise<void> {
  await using file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
  await file.write(Buffer.of((buffer[0] ?? 0) ^ (1 << bit)), 0, 1, offset);
}

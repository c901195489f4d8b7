import { type FileHandle, open } from 'node:fs/promises';
import { isDiskError, isNodeError } from '../../../core/errors.ts';
import { isWhole } from './checked-values.ts';
import {
  branchNodeBytes,
  checkHeader,
  childOf,
  decodeMeta,
  freeStretches,
  insist,
  keyOf,
  LmdbDamage,
  type LmdbMeta,
  type LmdbTree,
  type LmdbValue,
  leafNodeBytes,
  leafValueOf,
  nodesOf,
  PAGE_HEADER_BYTES,
  PageKind,
} from './lmdb-page.ts';

const SMALLEST_PAGE_BYTES = 4096;
const WINDOW_BYTES = 128 * 2 ** 10;

interface IndexLook {
  /** Its values have checksums. */
  readonly isChecked?: boolean;
  /** How long to look at most, milliseconds; inner pages, and those that can be used again, come before the others. */
  readonly budgetMs?: number | undefined;
}

/**
 * What is wrong with an index file that no process has open; `undefined`: the disk took all of it and gives back
 * what LMDB may read, LMDB can follow whatever is in it, and values are as they were written. With a budget: as far
 * as was looked.
 *
 * LMDB maps the file and believes it. A page number, an offset or a length that has changed leads it out of
 * the map, and a page that the disk does not give is none there (SIGBUS, mmap(2)): the process ends by a signal
 * that nobody can catch, and at the next start again.
 */
export async function findIndexDamage(path: string, look: IndexLook = {}): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r');
    await file.sync();
    if ((await file.stat()).size > 0) await new IndexCheck(file, look).run();
    return undefined;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined;
    if (error instanceof LmdbDamage) return error.message;
    if (isDiskError(error)) return 'the disk has not taken it, or does not give it back';
    throw error;
  }
}

class IndexCheck {
  readonly #file: FileHandle;
  readonly #isChecked: boolean;
  readonly #deadline: number;
  readonly #window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  #meta!: LmdbMeta;
  /** A bit for each page: it has its place, in a tree or among the free ones. */
  #seen = new Uint8Array();

  constructor(file: FileHandle, { isChecked = false, budgetMs = Infinity }: IndexLook) {
    this.#file = file;
    this.#isChecked = isChecked;
    this.#deadline = performance.now() + budgetMs;
  }

  async run(): Promise<void> {
    const first = decodeMeta(await this.#read(0, SMALLEST_PAGE_BYTES));
    const second = decodeMeta(await this.#read(first.pageBytes, SMALLEST_PAGE_BYTES));
    insist(first.pageBytes === second.pageBytes, 'the meta pages differ');
    this.#meta = first.transaction >= second.transaction ? first : second;
    const { main, free, lastPage } = this.#meta;
    insist(lastPage < 2 ** 32, 'there are too many pages');
    this.#seen = new Uint8Array(lastPage / 8 + 1);
    const lists: Buffer[] = [];
    await this.#walk(free, { isOrdered: false, visit: (_key, list) => lists.push(list) });
    for (const list of lists) for (const [page, pages] of freeStretches(list)) this.#take(page, pages);
    const visit = (key: Buffer, value: Buffer) => insist(isWhole(key, value), 'a value is not what was written');
    await this.#walk(main, { isOrdered: true, ...(this.#isChecked && { visit }) });
  }

  get #isLate(): boolean {
    return performance.now() > this.#deadline;
  }

  /** Level by level, in the order of the file: a disk that has to seek reads it in a few passes. */
  async #walk(tree: LmdbTree, { isOrdered, visit }: Walk): Promise<void> {
    let level = tree.root === undefined ? [] : [tree.root];
    const found = { branches: 0, leaves: 0, overflows: 0, entries: 0 };
    insist(level.length === 0 ? tree.depth === 0 : tree.depth > 0, 'a tree has another depth');
    for (let depth = 1; depth < tree.depth; depth++) {
      const below: number[] = [];
      for (const number of level) {
        if (this.#isLate) return;
        for (const child of await this.#children(number, isOrdered)) below.push(child);
      }
      found.branches += level.length;
      level = below.sort((a, b) => a - b);
    }
    for (const number of level) {
      if (this.#isLate) return;
      const page = await this.#page(number, PageKind.leaf);
      const nodes = leafNodesOf(page, number, isOrdered);
      found.leaves++;
      found.entries += nodes.length;
      for (const node of nodes) {
        const value = leafValueOf(page, node);
        found.overflows += value.overflow?.pages ?? 0;
        if (value.overflow) await this.#checkOverflow(value.overflow);
        if (visit)
          visit(
            keyOf(page, node),
            value.overflow ? await this.#overflowOf(value.overflow.page, value.length) : bytesIn(page, value),
          );
      }
    }
    const { branches, leaves, overflows, entries } = tree;
    insist(found.branches === branches && found.leaves === leaves, 'a tree has another number of pages');
    insist(found.overflows === overflows && found.entries === entries, 'a tree has another number of entries');
  }

  async #children(number: number, isOrdered: boolean): Promise<readonly number[]> {
    const page = await this.#page(number, PageKind.branch);
    const nodes = nodesOf(page, number, (node) => branchNodeBytes(page, node));
    insist(nodes.length > (isOrdered ? 1 : 0), 'leads nowhere', number);
    if (isOrdered) checkOrder(page, number, nodes.slice(1)); // the first has no key
    return nodes.map((node) => childOf(page, node));
  }

  async #checkOverflow({ page: number, pages }: { readonly page: number; readonly pages: number }): Promise<void> {
    this.#take(number, pages);
    const page = await this.#pageBytes(number);
    checkHeader(page, number, { kind: PageKind.overflow, transaction: this.#meta.transaction });
    insist(page.readUInt32LE(20) === pages, 'has other pages', number);
    for (let more = number + 1; more < number + pages; more++) await this.#pageBytes(more);
  }

  async #overflowOf(page: number, length: number): Promise<Buffer> {
    return (await this.#read(page * this.#meta.pageBytes + PAGE_HEADER_BYTES, length)).subarray(0, length);
  }

  async #page(number: number, kind: number): Promise<Buffer> {
    this.#take(number, 1);
    const page = await this.#pageBytes(number);
    checkHeader(page, number, { kind, transaction: this.#meta.transaction });
    return page;
  }

  /** Nothing else has those pages. */
  #take(first: number, pages: number): void {
    const { lastPage } = this.#meta;
    insist(first > 1 && first + pages - 1 <= lastPage, 'does not exist', first);
    for (let page = first; page < first + pages; page++) {
      const bit = 1 << (page & 7);
      insist(((this.#seen[page >>> 3] ?? 0) & bit) === 0, 'is in two places', page);
      this.#seen[page >>> 3] = (this.#seen[page >>> 3] ?? 0) | bit;
    }
  }

  async #pageBytes(number: number): Promise<Buffer> {
    const { pageBytes } = this.#meta;
    const window = this.#window;
    const offset = number * pageBytes;
    if (offset < window.start || offset + pageBytes > window.start + window.bytes.length) {
      window.bytes = await this.#read(offset, pageBytes, WINDOW_BYTES);
      window.start = offset;
    }
    return window.bytes.subarray(offset - window.start, offset - window.start + pageBytes);
  }

  /** At least `length` bytes, up to `wanted`. */
  async #read(offset: number, length: number, wanted = length): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(Math.max(wanted, length));
    const { bytesRead } = await this.#file.read(bytes, 0, wanted, offset);
    insist(bytesRead >= length, 'the file is too short');
    return bytes.subarray(0, bytesRead);
  }
}

interface Walk {
  /** By the bytes of the keys. */
  readonly isOrdered: boolean;
  /** Gets each entry; the bytes stay what they are. */
  readonly visit?: (key: Buffer, value: Buffer) => void;
}

function bytesIn(page: Buffer, { length, at = 0 }: LmdbValue): Buffer {
  return page.subarray(at, at + length);
}

function leafNodesOf(page: Buffer, number: number, isOrdered: boolean): readonly number[] {
  const nodes = nodesOf(page, number, (node) => leafNodeBytes(page, node));
  insist(nodes.length > 0, 'is empty', number);
  if (isOrdered) checkOrder(page, number, nodes);
  return nodes;
}

function checkOrder(page: Buffer, number: number, nodes: readonly number[]): void {
  let before: Buffer | undefined;
  for (const node of nodes) {
    const key = keyOf(page, node);
    insist(before === undefined || before.compare(key) < 0, 'is out of order', number);
    before = key;
  }
}

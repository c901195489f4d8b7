import { decodeHead, encodeHead } from './head.ts';
import { IndexTable, rowKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';
import type { FileRef } from './version.ts';

/** How many versions and parts use each data file; copies and completed uploads share them. */
export class FileReferences {
  readonly #index: ObjectIndex;
  #released = new Set<number>();

  constructor(index: ObjectIndex) {
    this.#index = index;
  }

  count(id: number): number {
    return this.#count(rowKey(IndexTable.file, String(id)));
  }

  #count(key: Buffer): number {
    const value = this.#index.get(key);
    return value ? this.#index.decode(value, decodeHead<number>) : 0;
  }

  add(files: readonly FileRef[]): void {
    for (const { id } of files) this.#change(id, 1);
  }

  remove(files: readonly FileRef[]): void {
    for (const { id } of files) if (this.#change(id, -1) <= 0) this.#released.add(id);
  }

  #change(id: number, by: 1 | -1): number {
    const key = rowKey(IndexTable.file, String(id));
    const count = this.#count(key) + by;
    this.#index.set(key, count > 0 ? encodeHead(count) : undefined);
    return count;
  }

  /** Files that nothing uses any more. One batch may release a file and use it again: ask after it. */
  takeUnused(): readonly number[] {
    if (this.#released.size === 0) return [];
    const unused = [...this.#released].filter((id) => this.count(id) === 0);
    this.#released = new Set();
    return unused;
  }
}

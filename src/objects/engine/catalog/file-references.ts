import { IndexTable } from './index-keys.ts';
import { getRow, setRow } from './index-rows.ts';
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
    return getRow<number>(this.#index, IndexTable.file, id) ?? 0;
  }

  add(files: readonly FileRef[]): void {
    for (const { id } of files) setRow(this.#index, IndexTable.file, id, this.count(id) + 1);
  }

  remove(files: readonly FileRef[]): void {
    for (const { id } of files) {
      const left = this.count(id) - 1;
      setRow(this.#index, IndexTable.file, id, left > 0 ? left : undefined);
      if (left <= 0) this.#released.add(id);
    }
  }

  /** Files that nothing uses any more. One batch may release a file and use it again: ask after it. */
  takeUnused(): readonly number[] {
    if (this.#released.size === 0) return [];
    const unused = [...this.#released].filter((id) => this.count(id) === 0);
    this.#released = new Set();
    return unused;
  }
}

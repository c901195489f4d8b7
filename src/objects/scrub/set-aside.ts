import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** `core/kept-file.ts`, the queue of events, the index and what a salvage has lost (`engine/store-directory.ts`). */
const SET_ASIDE = /(?:^|\.)damaged(?:-\d+)?$/;

/** What was set aside because of damage and is still there, below the directory of the objects role. */
export async function findSetAside(directory: string): Promise<readonly string[]> {
  const store = await readdir(join(directory, 'store')).catch(() => []);
  const names = [...(await readdir(directory)), ...store.map((name) => join('store', name))];
  return names.filter((name) => SET_ASIDE.test(name.replace(/^.*\//, ''))).sort();
}

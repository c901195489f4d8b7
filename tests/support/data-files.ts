import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of the files with large bodies that a store has in its directory. */
export async function dataFiles(store: string): Promise<readonly string[]> {
  const entries = await readdir(join(store, 'files'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

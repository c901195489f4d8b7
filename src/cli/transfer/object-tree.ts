import type { StorageReader } from '../../../sdk/src/index.ts';
import type { Entry, Notice, Tree } from './tree.ts';

export interface ObjectTree extends Tree {
  /** Whether any key begins so; a marker of the "directory" itself is one. */
  readonly exists: boolean;
}

/** The objects whose keys begin with `prefix`. @throws StorageError when not all of them could be listed */
export async function readObjectTree(storage: StorageReader, prefix: string, signal: AbortSignal): Promise<ObjectTree> {
  const entries = new Map<string, Entry>();
  const skipped: Notice[] = [];
  let exists = false;
  for await (const { key, size, etag, lastModified } of storage.list({ prefix, signal })) {
    exists = true;
    const path = key.slice(prefix.length);
    if (path === '' && size === 0) continue; // the marker of the "directory" itself
    if (path === '') skipped.push({ path: key, reason: 'a directory marker that has content' });
    else if (path.endsWith('/') && size > 0) skipped.push({ path, reason: 'a directory marker that has content' });
    else entries.set(path, { path, size, etag, modified: lastModified.getTime() });
  }
  return { entries, skipped, unreadable: [], exists };
}

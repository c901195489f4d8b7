import type { StorageReader } from '../../../sdk/src/index.ts';
import type { Entry, Notice, Tree } from './tree.ts';

/** The objects whose keys begin with `prefix`. @throws StorageError when not all of them could be listed */
export async function readObjectTree(storage: StorageReader, prefix: string, signal: AbortSignal): Promise<Tree> {
  const entries = new Map<string, Entry>();
  const skipped: Notice[] = [];
  for await (const { key, size, etag, lastModified } of storage.list({ prefix, signal })) {
    const path = key.slice(prefix.length);
    if (path === '') continue; // the marker of the "directory" itself
    if (path.endsWith('/') && size > 0) skipped.push({ path, reason: 'a directory marker that has content' });
    else entries.set(path, { path, size, etag, modified: lastModified.getTime() });
  }
  return { entries, skipped, unreadable: [] };
}

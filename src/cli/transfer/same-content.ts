import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { hasContent, isMd5 } from './etag-check.ts';
import { readModified, sameTime } from './modified-time.ts';
import type { BucketSource, DirectorySide, Source, Target } from './side.ts';
import type { Pair } from './sync-plan.ts';
import { type Entry, isDirectory } from './tree.ts';

/**
 * Whether two of one size are the same: by the time of the file, which travels with the object; by content with
 * `checksum`, or where the object came without a time.
 */
export async function sameContent(
  { source, target }: Pair,
  { from, to, checksum }: { readonly from: Source; readonly to: Target; readonly checksum: boolean },
): Promise<boolean> {
  if (isDirectory(source)) return true;
  if (from.kind === 'bucket' && to.kind === 'bucket') {
    if (source.etag === target.etag) return true;
    if (isMd5(source.etag) && isMd5(target.etag)) return false;
    return !checksum && sameTimes(await modifiedOf(from, source), await modifiedOf(to, target));
  }
  if (from.kind === 'bucket')
    return fileIsObject({ side: to as DirectorySide, entry: target }, { side: from, entry: source }, checksum);
  return fileIsObject({ side: from, entry: source }, { side: to as BucketSource, entry: target }, checksum);
}

async function fileIsObject(
  file: { readonly side: DirectorySide; readonly entry: Entry },
  object: { readonly side: BucketSource; readonly entry: Entry },
  checksum: boolean,
): Promise<boolean> {
  if (!checksum) {
    const kept = await modifiedOf(object.side, object.entry);
    if (sameTime(file.entry.modified, kept ?? object.entry.modified)) return true;
    if (kept !== undefined) return false;
  }
  const { path, size, etag = '' } = object.entry;
  await using handle = await open(join(file.side.path, path));
  return (await hasContent(handle, object.side.storage, { key: object.side.prefix + path, size, etag })) === true;
}

async function modifiedOf({ storage, prefix }: BucketSource, { path }: Entry): Promise<number | undefined> {
  const about = await storage.head(prefix + path);
  return about ? readModified(about.metadata) : undefined;
}

function sameTimes(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && sameTime(a, b);
}

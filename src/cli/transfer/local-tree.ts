import { isUtf8 } from 'node:buffer';
import type { BigIntStats, Dirent } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { shortReason } from '../user-files.ts';
import { isForsakenName, isPartialName } from './partial-file.ts';
import type { Entry, Notice, Tree } from './tree.ts';

interface Walk {
  readonly root: string;
  readonly follow: boolean;
  readonly entries: Map<string, Entry>;
  readonly skipped: Notice[];
  readonly unreadable: Notice[];
  readonly forsaken: string[];
}

export interface LocalTree extends Tree {
  /** Paths of what runs that were killed have left: no part of the tree. */
  readonly forsaken: readonly string[];
}

interface Directory {
  /** From the root; empty for the root. */
  readonly path: string;
  /** Device and inode of it and what is above, where links are followed. */
  readonly above: readonly string[];
}

/**
 * Regular files and empty directories. What cannot be read is told in the answer; the root itself is an error.
 * `follow`: links are what they point to.
 */
export async function readLocalTree(root: string, { follow = false } = {}): Promise<LocalTree> {
  const walk: Walk = { root, follow, entries: new Map(), skipped: [], unreadable: [], forsaken: [] };
  await readDirectory(walk, { path: '', above: [identity(await stat(root, { bigint: true }))] });
  return walk;
}

async function readDirectory(walk: Walk, directory: Directory): Promise<void> {
  let children: Dirent<Buffer>[];
  try {
    children = await readdir(join(walk.root, directory.path), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (directory.path === '') throw error;
    walk.unreadable.push({ path: directory.path, reason: shortReason(error) });
    return;
  }
  const visible = children.filter(({ name }) => !isPartialName(name.toString()));
  const names = children.map(({ name }) => name.toString()).filter(isForsakenName);
  walk.forsaken.push(...names.map((name) => join(walk.root, directory.path, name)));
  if (visible.length === 0 && directory.path !== '') addEmptyDirectory(walk, directory.path);
  for (const child of visible) await readChild(walk, directory, child.name);
}

function addEmptyDirectory({ entries }: Walk, directory: string): void {
  const path = `${directory}/`;
  entries.set(path, { path, size: 0, modified: 0 });
}

async function readChild(walk: Walk, directory: Directory, bytes: Buffer): Promise<void> {
  const name = bytes.toString();
  const path = directory.path === '' ? name : `${directory.path}/${name}`;
  if (!isUtf8(bytes)) {
    walk.unreadable.push({ path, reason: 'its name is not UTF-8, as keys are' });
    return;
  }
  try {
    const about = await statOf(walk, path);
    if (about.isFile()) walk.entries.set(path, toEntry(path, about));
    else if (about.isDirectory()) await readSubdirectory(walk, { path, above: directory.above }, about);
    else walk.skipped.push({ path, reason: about.isSymbolicLink() ? 'a symbolic link' : 'a special file' });
  } catch (error) {
    walk.unreadable.push({ path, reason: shortReason(error) });
  }
}

/** A link that points into its own directory would never end. */
async function readSubdirectory(walk: Walk, { path, above }: Directory, about: BigIntStats): Promise<void> {
  const own = identity(about);
  if (above.includes(own)) walk.skipped.push({ path, reason: 'a link to a directory that it is in' });
  else await readDirectory(walk, { path, above: [...above, own] });
}

async function statOf({ root, follow }: Walk, path: string): Promise<BigIntStats> {
  return follow ? stat(join(root, path), { bigint: true }) : lstat(join(root, path), { bigint: true });
}

function toEntry(path: string, about: BigIntStats): Entry {
  return { path, size: Number(about.size), modified: Number(about.mtimeNs) / 1e6 };
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

import type { BigIntStats } from 'node:fs';
import { chmod, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isNodeError } from './errors.ts';

export interface TreeEntry {
  /** Below the top, with slashes; empty for the top itself. */
  readonly path: string;
  readonly stats: BigIntStats;
}

/** Every file, directory and link below and including `top`, links not followed. What vanishes meanwhile is left out. */
export async function* walkTree(top: string, path = ''): AsyncGenerator<TreeEntry> {
  const full = join(top, path);
  const stats = await unlessGone(lstat(full, { bigint: true }));
  if (!stats) return;
  yield { path, stats };
  if (!stats.isDirectory()) return;
  for (const name of (await unlessGone(readdir(full))) ?? []) yield* walkTree(top, path ? `${path}/${name}` : name);
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNodeError(error, 'ENOENT') || isNodeError(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Files synced at a time: the journal of the file system commits them together. */
const SYNC_BATCH = 32;

/** fsync(2) of every file and directory of the tree: a copy is durable only file by file. */
export async function syncTree(top: string): Promise<void> {
  let batch: Promise<void>[] = [];
  for await (const { path, stats } of walkTree(top)) {
    if (!stats.isFile() && !stats.isDirectory()) continue; // opening a FIFO would wait for its writer
    batch.push(syncPath(join(top, path)));
    if (batch.length < SYNC_BATCH) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A program that a killed process had started may still be writing into the tree: it fails soon, its directories gone. */
const REMOVAL = { recursive: true, force: true, maxRetries: 20, retryDelay: 10 };

/** Removes a tree, also one with directories that their owner may not write. Absence is no error. */
export async function removeTree(top: string): Promise<void> {
  try {
    await rm(top, REMOVAL);
  } catch (error) {
    if (!isNodeError(error, 'EACCES') && !isNodeError(error, 'EPERM')) throw error;
    await makeWritable(top);
    await rm(top, REMOVAL);
  }
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
  }
}

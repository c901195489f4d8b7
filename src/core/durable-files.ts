import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isNodeError } from './errors.ts';

/**
 * Writes that survive power loss: temporary name → write → fsync → rename →
 * fsync of the directory. rename(2) replaces atomically; a new name is durable
 * only once its directory is synced (fsync(2), NOTES).
 */

export interface WriteOptions {
  readonly mode?: number;
}

/** Replaces or creates `path`. When it resolves, the new content survives power loss; before, the old one does. */
export async function writeFileDurable(path: string, data: string | Uint8Array, options?: WriteOptions): Promise<void> {
  await throughTemporaryFile(path, data, { ...options, place: (temporary) => rename(temporary, path) });
}

/**
 * Creates `path` unless it is there: of several that race, one writes and all find the same whole file.
 * Gives whether this call was the one.
 */
export async function createFileDurable(
  path: string,
  data: string | Uint8Array,
  options?: WriteOptions,
): Promise<boolean> {
  try {
    await throughTemporaryFile(path, data, { ...options, place: (temporary) => link(temporary, path) });
    return true;
  } catch (error) {
    if (isNodeError(error, 'EEXIST')) return false;
    throw error;
  }
}

async function throughTemporaryFile(
  path: string,
  data: string | Uint8Array,
  { mode = 0o600, place }: WriteOptions & { readonly place: (temporary: string) => Promise<void> },
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** rename(2), then fsync of both parents. */
export async function renameDurable(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(dirname(to));
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
}

/** Makes `path` and its missing parents; the new names are durable when it resolves. */
export async function makeDirectoryDurable(
  path: string,
  { mode = 0o700 }: { readonly mode?: number } = {},
): Promise<void> {
  const first = await makeWithParents(resolve(path), mode);
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let parent = dirname(resolve(path)); ; parent = dirname(parent)) {
    await syncDirectory(parent);
    if (parent === top || parent === dirname(parent)) return;
  }
}

/**
 * The uppermost directory that was made; `undefined` when there was nothing to make. Node's own recursion never ends
 * where a directory that exists says of what is to be made in it that it does not (`/proc`).
 */
async function makeWithParents(path: string, mode: number): Promise<string | undefined> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    const parent = dirname(path);
    if (!isNodeError(error, 'ENOENT') || parent === path) throw error;
    const above = await makeWithParents(parent, mode);
    const made = await makeOne(path, mode);
    return above ?? made;
  }
}

/** `undefined` when it is there. */
async function makeOne(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    if (!isNodeError(error, 'EEXIST') || !(await stat(path)).isDirectory()) throw error;
    return undefined;
  }
}

/** Removes a file or tree; the absence is durable when it resolves. Removing what is absent is no error. */
export async function removeDurable(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  try {
    await syncDirectory(dirname(path));
  } catch (error) {
    if (!isNodeError(error, 'ENOENT')) throw error; // not even the parent is there
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Parses a JSON file, `undefined` when it is absent. @throws SyntaxError where it was damaged, and says which it is */
export async function readJsonFile<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError) throw new SyntaxError(`${path} is damaged: ${error.message}`, { cause: error });
    throw error;
  }
}

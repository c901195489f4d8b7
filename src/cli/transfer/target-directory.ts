import { lstat, mkdir, mkdtemp, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isNodeError } from '../../core/errors.ts';
import { type Entry, isDirectory, parentsOf } from './tree.ts';

/** NAME_MAX of the file systems in use. */
const MAX_NAME_BYTES = 255;

/**
 * Why a path from a bucket cannot be one below a directory; `undefined` when it can. Keys may hold anything:
 * nothing of them may lead out of the directory.
 */
export function whyNoPath(path: string): string | undefined {
  const parts = path.replace(/\/$/, '').split('/');
  if (parts.includes('..') || parts.includes('.')) return 'a key with "." or ".." is no path below a directory';
  if (parts.includes('')) return 'a key with an empty part ("//", or a "/" in front) is no path';
  if (path.includes('\0')) return 'a file name cannot hold a NUL character';
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES))
    return `a file name has at most ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/** A directory on this machine that objects are written into. */
export class TargetDirectory {
  readonly #root: string;
  #rootMade: Promise<unknown> | undefined;
  readonly #made = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  pathOf(path: string): string {
    return join(this.#root, path);
  }

  /** The directories above `path`, made where they are missing. @throws when one of them is a link or a file */
  async makeRoom(path: string): Promise<void> {
    await this.#makeRoot();
    for (const parent of parentsOf(path).reverse()) await this.#makeDirectory(parent);
    if (isDirectory({ path })) await this.#makeDirectory(path.slice(0, -1));
    else await this.#refuseInTheWay(path);
  }

  /** Takes a file or an empty directory away, and directories above it that are empty then. */
  async remove(path: string, keep: (directory: string) => boolean): Promise<void> {
    if (isDirectory({ path })) await rmdir(this.pathOf(path));
    else await unlink(this.pathOf(path));
    for (const parent of parentsOf(path)) {
      if (keep(parent)) return;
      const removed = await rmdir(this.pathOf(parent)).then(
        () => true,
        () => false, // something else is in it
      );
      if (!removed) return;
    }
  }

  /** Whether the file system takes `a` and `A` for one name. */
  async foldsNames(): Promise<boolean> {
    await this.#makeRoot();
    const probe = await mkdtemp(join(this.#root, '.holdfast-probe-'));
    try {
      await stat(probe.replace(/\.holdfast-probe-/, '.HOLDFAST-PROBE-'));
      return true;
    } catch {
      return false;
    } finally {
      await rm(probe, { recursive: true, force: true });
    }
  }

  #makeRoot(): Promise<unknown> {
    this.#rootMade ??= mkdir(this.#root, { recursive: true });
    return this.#rootMade;
  }

  /** A link could lead out of the directory: it is not followed. */
  async #makeDirectory(path: string): Promise<void> {
    const made = this.#made.get(path) ?? this.#checkedDirectory(path);
    this.#made.set(path, made);
    await made;
  }

  async #checkedDirectory(path: string): Promise<void> {
    try {
      await mkdir(this.pathOf(path));
    } catch (error) {
      if (!isNodeError(error, 'EEXIST')) throw error;
      if (!(await lstat(this.pathOf(path))).isDirectory())
        throw new Error(`"${path}" is in the way: it is no directory`);
    }
  }

  async #refuseInTheWay(path: string): Promise<void> {
    const about = await lstat(this.pathOf(path)).catch((error) => {
      if (isNodeError(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (about && !about.isFile()) {
      throw new Error(
        about.isDirectory()
          ? 'a directory of that name is in the way'
          : 'a link or special file of that name is in the way',
      );
    }
  }
}

/** What names that are one where names fold have in common. */
export function foldName(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** Paths that would be written to one file where names fold: the first one wins, here are the others. */
export function foldedAway(entries: Iterable<Entry>): Set<string> {
  const taken = new Map<string, string>();
  const lost = new Set<string>();
  for (const { path } of entries) {
    const names = [path.replace(/\/$/, ''), ...parentsOf(path)];
    const clash = names.some((name) => {
      const folded = foldName(name);
      if (!taken.has(folded)) taken.set(folded, name);
      return taken.get(folded) !== name;
    });
    if (clash) lost.add(path);
  }
  return lost;
}

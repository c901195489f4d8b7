import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, symlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { ReadEntry } from 'tar';
import { isNodeError } from '../core/errors.ts';
import { sourceRefused } from './errors.ts';

export interface TreeLimits {
  /** Of all files together. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

const DEFAULT_LIMITS: TreeLimits = { maxBytes: 4e9, maxEntries: 200_000 };

/**
 * A directory that archive entries are written into. Nothing is written outside
 * it whatever the entries say, because every directory on the way to a file is
 * one that was made here, and no name is written twice.
 */
export class SourceTree {
  readonly #root: string;
  readonly #limits: TreeLimits;
  readonly #directories = new Set<string>(['.']);
  readonly #files = new Set<string>();
  #bytes = 0;
  #entries = 0;
  #writing: FileHandle | undefined;
  #isClosed = false;

  constructor(root: string, limits: Partial<TreeLimits> = {}) {
    this.#root = root;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Nothing more is added: the content of what is being written may never come. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing?.close();
  }

  /** Reads the entry to its end. @throws HoldfastError `build.source` */
  async add(entry: ReadEntry): Promise<void> {
    this.#count(entry);
    const path = innerPath(entry.path);
    if (entry.type !== 'Directory') await this.#makeDirectory(posix.dirname(path));
    switch (entry.type) {
      case 'Directory':
        await this.#makeDirectory(path);
        break;
      case 'File':
      case 'OldFile':
      case 'ContiguousFile':
        await this.#write(path, entry);
        this.#files.add(path);
        break;
      case 'Link':
        await this.#copy(innerPath(entry.linkpath ?? ''), path);
        this.#files.add(path);
        break;
      case 'SymbolicLink':
        await once(path, symlink(innerTarget(path, entry.linkpath ?? ''), join(this.#root, path)));
        break;
      default:
        throw sourceRefused(`${entry.path} is a ${entry.type}; only files, directories and links can be deployed`);
    }
    entry.resume();
  }

  #count(entry: ReadEntry): void {
    this.#entries++;
    this.#bytes += entry.size;
    const { maxBytes, maxEntries } = this.#limits;
    if (this.#entries > maxEntries) throw sourceRefused(`it has more than ${maxEntries} entries`);
    if (this.#bytes > maxBytes) throw sourceRefused(`it is larger than ${maxBytes} bytes when unpacked`);
  }

  /** As mkdir -p, through directories that were made here only. */
  async #makeDirectory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    await this.#makeDirectory(posix.dirname(path));
    await once(path, mkdir(join(this.#root, path)));
    this.#directories.add(path);
  }

  async #write(path: string, entry: ReadEntry): Promise<void> {
    const executable = ((entry.mode ?? 0) & 0o111) !== 0; // no other bit of the mode is the uploader's to choose
    const file = await once(path, open(join(this.#root, path), 'wx', executable ? 0o755 : 0o644));
    this.#writing = file;
    try {
      if (this.#isClosed) throw sourceRefused('it is cut off');
      for await (const chunk of entry) await file.writeFile(chunk);
    } finally {
      this.#writing = undefined;
      await file.close();
    }
  }

  /** A hard link becomes a copy of the file that it names, which comes before it. */
  async #copy(from: string, to: string): Promise<void> {
    if (!this.#files.has(from)) throw sourceRefused(`${to} is a link to ${from}, which is not a file of the archive`);
    await once(to, copyFile(join(this.#root, from), join(this.#root, to), constants.COPYFILE_EXCL));
  }
}

/** @throws HoldfastError `build.source` unless it names something inside */
function innerPath(path: string): string {
  const parts = path.split('/');
  if (path.startsWith('/') || path === '' || path.includes('\0') || parts.includes('..')) {
    throw sourceRefused(`the path ${JSON.stringify(path)} leads out of it`);
  }
  return posix.normalize(path).replace(/\/$/, '') || '.';
}

/**
 * Where a symbolic link may point: `..` only at the beginning, and not above
 * the root. Its own directory is a real one, so those `..` are what they look
 * like; a `..` after a name could climb out of wherever that name links to.
 */
function innerTarget(path: string, target: string): string {
  const refuse = () => sourceRefused(`the link ${path} points out of it, to ${JSON.stringify(target)}`);
  if (target === '' || target.startsWith('/') || target.includes('\0')) throw refuse();
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== '..');
  const climbs = ups === -1 ? parts.length : ups;
  if (parts.slice(climbs).includes('..') || climbs > path.split('/').length - 1) throw refuse();
  return target;
}

/** A name that is taken was written by an entry before this one. */
async function once<T>(path: string, made: Promise<T>): Promise<T> {
  try {
    return await made;
  } catch (error) {
    if (isNodeError(error, 'EEXIST')) throw sourceRefused(`${path} is in it twice`);
    throw error;
  }
}

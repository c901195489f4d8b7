import { mkdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { readJsonFile, syncDirectory, writeFileDurable } from '../../core/durable-files.ts';
import { EntryDirectory } from '../../core/entry-directory.ts';
import { isNodeError } from '../../core/errors.ts';
import { walkTree } from '../../core/file-tree.ts';
import { filesystemMounted, filesystemNotFound, rootDirectoryRefused } from '../errors.ts';
import type { FilesystemDriver, MountRequest, ObservedFilesystem } from '../filesystem-driver.ts';
import { meteredSize } from '../metered-size.ts';
import { rootDirectoryNames } from '../root-directory.ts';

/** filesystem.json */
interface FilesystemRecord {
  readonly holders: readonly string[];
}

/**
 * Filesystems as plain directories, for any system and without privileges:
 * `<id>/filesystem.json`, `<id>/data/`. Throughput is not limited.
 */
export function createDirectoryFilesystemDriver({ directory }: { readonly directory: string }): FilesystemDriver {
  return new DirectoryFilesystemDriver(new EntryDirectory(directory));
}

class DirectoryFilesystemDriver implements FilesystemDriver {
  readonly name = 'directory';
  readonly capabilities = { throughput: false, snapshots: false };
  readonly #entries: EntryDirectory;

  constructor(entries: EntryDirectory) {
    this.#entries = entries;
  }

  async create(id: string): Promise<void> {
    await this.#entries.create([id], async (staging) => {
      await mkdir(join(staging, 'data'), { mode: 0o755 });
      await this.#write(staging, { holders: [] });
    });
  }

  async mount(id: string, { holder, rootDirectory = '/' }: MountRequest): Promise<{ readonly hostPath: string }> {
    const names = rootDirectoryNames(id, rootDirectory);
    return this.#entries.exclusive(async () => {
      const { holders } = await this.#read(id);
      const hostPath = await this.#enter(id, { rootDirectory, names });
      if (!holders.includes(holder)) await this.#write(this.#entries.path(id), { holders: [...holders, holder] });
      return { hostPath };
    });
  }

  async unmount(id: string, holder: string): Promise<void> {
    if (!(await this.#entries.has(id))) return;
    await this.#entries.exclusive(async () => {
      const { holders } = await this.#read(id);
      if (!holders.includes(holder)) return;
      await this.#write(this.#entries.path(id), { holders: holders.filter((other) => other !== holder) });
    });
  }

  async destroy(id: string): Promise<void> {
    await this.#entries.remove([id], async () => {
      const { holders } = await this.#read(id);
      if (holders.length > 0) throw filesystemMounted(id, holders);
    });
  }

  async list(): Promise<readonly ObservedFilesystem[]> {
    const filesystems = (await this.#entries.list()).map(async (id): Promise<ObservedFilesystem[]> => {
      const record = await readJsonFile<FilesystemRecord>(this.#entries.path(id, 'filesystem.json'));
      return record ? [{ id, holders: record.holders }] : [];
    });
    return (await Promise.all(filesystems)).flat();
  }

  async usage(id: string): Promise<{ readonly usedBytes: number; readonly objects: number }> {
    await this.#read(id);
    const counted = new Set<bigint>();
    let usedBytes = 0;
    let objects = 0;
    for await (const { stats } of walkTree(this.#entries.path(id, 'data'))) {
      if (counted.has(stats.ino)) continue; // another name of the same file
      if (stats.nlink > 1n && !stats.isDirectory()) counted.add(stats.ino);
      usedBytes += meteredSize({ size: Number(stats.size), allocated: Number(stats.blocks) * 512 });
      objects++;
    }
    return { usedBytes, objects };
  }

  /**
   * Walks to the root directory name by name, each resolved before the next is
   * made, so that a link which an app has put there leads nowhere else. (An
   * app that holds the whole filesystem can still swap a directory for a link
   * afterwards: whoever binds `hostPath` must not follow links on the way.)
   */
  async #enter(
    id: string,
    { rootDirectory, names }: { readonly rootDirectory: string; readonly names: readonly string[] },
  ): Promise<string> {
    const top = await realpath(this.#entries.path(id, 'data'));
    let directory = top;
    for (const name of names) {
      const real = await realDirectory(directory, name);
      if (!real) throw rootDirectoryRefused(id, rootDirectory, `is not a directory at "${name}"`);
      if (real !== top && !real.startsWith(top + sep)) {
        throw rootDirectoryRefused(id, rootDirectory, `leads out of the filesystem at "${name}"`);
      }
      directory = real;
    }
    return directory;
  }

  async #read(id: string): Promise<FilesystemRecord> {
    await this.#entries.open();
    const record = await readJsonFile<FilesystemRecord>(this.#entries.path(id, 'filesystem.json'));
    if (!record) throw filesystemNotFound(id);
    return record;
  }

  async #write(directory: string, record: FilesystemRecord): Promise<void> {
    await writeFileDurable(join(directory, 'filesystem.json'), JSON.stringify(record));
  }
}

/** The directory `name` of `parent`, made when absent, links resolved; `undefined` when something else is there. */
async function realDirectory(parent: string, name: string): Promise<string | undefined> {
  const path = join(parent, name);
  try {
    await mkdir(path, { mode: 0o755 });
    await syncDirectory(parent);
  } catch (error) {
    if (!isNodeError(error, 'EEXIST')) throw error;
  }
  try {
    const real = await realpath(path);
    return (await stat(real)).isDirectory() ? real : undefined;
  } catch (error) {
    if (isNodeError(error, 'ENOENT') || isNodeError(error, 'ELOOP')) return undefined; // a link to nothing
    throw error;
  }
}

import { filesystemMounted, filesystemNotFound } from '../errors.ts';
import type { FilesystemDriver, ObservedFilesystem } from '../filesystem-driver.ts';
import { meteredSize } from '../metered-size.ts';
import { rootDirectoryNames } from '../root-directory.ts';

interface MemoryFilesystem {
  readonly holders: Set<string>;
  /** By absolute path; the root is there from the start. */
  readonly directories: Set<string>;
  readonly files: Map<string, string>;
}

/** What survives the driver: pass the same disk to the next one, as after a crash of the platform. */
export type MemoryFilesystemDisk = Map<string, MemoryFilesystem>;

export interface MemoryFilesystemDriver extends FilesystemDriver {
  /** What an instance does in its mount. */
  write(hostPath: string, name: string, content: string): void;
  read(hostPath: string, name: string): string | undefined;
}

/** Filesystems in memory, for simulations: every answer of the contract, no I/O. */
export function createMemoryFilesystemDriver({
  disk = new Map(),
}: {
  readonly disk?: MemoryFilesystemDisk;
} = {}): MemoryFilesystemDriver {
  const filesystem = (id: string): MemoryFilesystem => {
    const found = disk.get(id);
    if (!found) throw filesystemNotFound(id);
    return found;
  };
  const file = (hostPath: string, name: string) => {
    const [id = '', ...path] = hostPath.replace('memory:/', '').split('/');
    return { files: filesystem(id).files, path: `/${[...path, name].join('/')}` };
  };

  return {
    name: 'memory',
    capabilities: { throughput: false, snapshots: false },

    async create(id) {
      if (!disk.has(id)) disk.set(id, { holders: new Set(), directories: new Set(['/']), files: new Map() });
    },
    async mount(id, { holder, rootDirectory = '/' }) {
      const names = rootDirectoryNames(id, rootDirectory);
      const { holders, directories } = filesystem(id);
      for (let depth = 1; depth <= names.length; depth++) directories.add(`/${names.slice(0, depth).join('/')}`);
      holders.add(holder);
      return { hostPath: `memory:/${[id, ...names].join('/')}` };
    },
    async unmount(id, holder) {
      disk.get(id)?.holders.delete(holder);
    },
    async destroy(id) {
      const holders = [...(disk.get(id)?.holders ?? [])];
      if (holders.length > 0) throw filesystemMounted(id, holders);
      disk.delete(id);
    },
    async list(): Promise<ObservedFilesystem[]> {
      return [...disk].map(([id, { holders }]) => ({ id, holders: [...holders] }));
    },
    async usage(id) {
      const { directories, files } = filesystem(id);
      const sizes = [...directories].map(() => 0).concat([...files.values()].map((text) => Buffer.byteLength(text)));
      const usedBytes = sizes.reduce((sum, size) => sum + meteredSize({ size, allocated: size }), 0);
      return { usedBytes, objects: sizes.length };
    },
    write: (hostPath, name, text) => {
      const { files, path } = file(hostPath, name);
      files.set(path, text);
    },
    read: (hostPath, name) => {
      const { files, path } = file(hostPath, name);
      return files.get(path);
    },
  };
}

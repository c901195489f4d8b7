import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryFilesystemDriver } from '../../src/filesystems/drivers/directory-driver.ts';
import {
  createMemoryFilesystemDriver,
  type MemoryFilesystemDisk,
} from '../../src/filesystems/drivers/memory-driver.ts';
import { filesystemDriverContract } from './filesystem-driver.contract.ts';

filesystemDriverContract('memory', async () => {
  const disk: MemoryFilesystemDisk = new Map();
  const driver = () => createMemoryFilesystemDriver({ disk });
  return {
    open: async () => driver(),
    write: async (hostPath, name, content) => driver().write(hostPath, name, content),
    read: async (hostPath, name) => driver().read(hostPath, name),
    close: async () => {},
  };
});

filesystemDriverContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-filesystems-'));
  return {
    open: async () => createDirectoryFilesystemDriver({ directory }),
    write: (hostPath, name, content) => writeFile(join(hostPath, name), content),
    read: (hostPath, name) => readFile(join(hostPath, name), 'utf8').catch(() => undefined),
    link: (hostPath, name, target) => symlink(target, join(hostPath, name)),
    close: () => rm(directory, { recursive: true }),
  };
});

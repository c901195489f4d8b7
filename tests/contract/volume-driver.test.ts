import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryVolumeDriver } from '../../src/volumes/drivers/directory-driver.ts';
import {
  createMemoryVolumeDisk,
  createMemoryVolumeDriver,
  type MemoryVolumeDriver,
} from '../../src/volumes/drivers/memory-driver.ts';
import { volumeDriverContract } from './volume-driver.contract.ts';

volumeDriverContract('memory', async () => {
  const disk = createMemoryVolumeDisk();
  const driver = (): MemoryVolumeDriver => createMemoryVolumeDriver({ disk });
  return {
    open: async () => driver(),
    write: async (hostPath, name, content) => driver().write(hostPath, name, content),
    read: async (hostPath, name) => driver().read(hostPath, name),
    close: async () => {},
  };
});

volumeDriverContract('directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hf-volumes-'));
  return {
    open: async () => createDirectoryVolumeDriver({ directory }),
    write: (hostPath, name, content) => writeFile(join(hostPath, name), content),
    read: (hostPath, name) => readFile(join(hostPath, name), 'utf8').catch(() => undefined),
    leftovers: () => readdir(join(directory, '.staging')),
    close: () => rm(directory, { recursive: true }),
  };
});

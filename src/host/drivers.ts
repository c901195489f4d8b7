import type { Builder } from '../builds/builder.ts';
import { createSourceBuilder } from '../builds/source-builder.ts';
import { createDirectoryFilesystemDriver } from '../filesystems/drivers/directory-driver.ts';
import type { FilesystemDriver } from '../filesystems/filesystem-driver.ts';
import { openProcessDriver } from '../services/drivers/process/process-driver.ts';
import type { ServiceDriver } from '../services/service-driver.ts';
import { createDirectoryVolumeDriver } from '../volumes/drivers/directory-driver.ts';
import type { VolumeDriver } from '../volumes/volume-driver.ts';
import type { HostConfig } from './config.ts';
import type { DataDirectory } from './data-directory.ts';

/** The embedded default: what a machine with nothing but Node runs on. The one place that names concrete drivers. */

export async function openServiceDriver(directory: DataDirectory, config: HostConfig): Promise<ServiceDriver> {
  return await openProcessDriver({
    directory: directory.services,
    sandbox: config.sandbox,
    ports: config.instancePorts,
    hidden: [directory.root],
  });
}

export async function openVolumeDriver(directory: DataDirectory): Promise<VolumeDriver> {
  return await createDirectoryVolumeDriver({ directory: directory.volumes });
}

export async function openFilesystemDriver(directory: DataDirectory): Promise<FilesystemDriver> {
  return await createDirectoryFilesystemDriver({ directory: directory.filesystems });
}

export function openBuilder(directory: DataDirectory): Builder {
  return createSourceBuilder({ cacheDirectory: directory.cache });
}

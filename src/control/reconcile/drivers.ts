import type { Builder } from '../../builds/builder.ts';
import type { EdgeAdmin } from '../../edge/edge-admin.ts';
import type { FilesystemDriver } from '../../filesystems/filesystem-driver.ts';
import type { ObjectAdmin } from '../../objects/object-admin.ts';
import type { ServiceDriver } from '../../services/service-driver.ts';
import type { VolumeDriver } from '../../volumes/volume-driver.ts';

/** The world, as far as control can change it. */
export interface Drivers {
  readonly services: ServiceDriver;
  readonly volumes: VolumeDriver;
  readonly filesystems: FilesystemDriver;
  readonly edge: EdgeAdmin;
  readonly objects: ObjectAdmin;
  readonly builder: Builder;
}

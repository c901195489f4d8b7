import type { Command } from 'commander';
import { destroyStorage } from '../storage/destroy.ts';
import { listStorage } from '../storage/list.ts';
import { recoverStorage } from '../storage/recover.ts';
import { showStorage } from '../storage/show.ts';
import { createVolume } from './create.ts';
import { extendVolume } from './extend.ts';
import { volumeSnapshots } from './snapshots.ts';

export function volumesCommand(program: Command): void {
  const volumes = program.command('volumes');
  createVolume(volumes);
  listStorage(volumes, 'volume');
  showStorage(volumes, 'volume');
  extendVolume(volumes);
  volumeSnapshots(volumes);
  destroyStorage(volumes, 'volume');
  recoverStorage(volumes, 'volume');
}

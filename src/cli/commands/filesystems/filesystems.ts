import type { Command } from 'commander';
import { destroyStorage } from '../storage/destroy.ts';
import { listStorage } from '../storage/list.ts';
import { recoverStorage } from '../storage/recover.ts';
import { showStorage } from '../storage/show.ts';
import { createFilesystem } from './create.ts';

export function filesystemsCommand(program: Command): void {
  const filesystems = program.command('filesystems');
  createFilesystem(filesystems);
  listStorage(filesystems, 'filesystem');
  showStorage(filesystems, 'filesystem');
  destroyStorage(filesystems, 'filesystem');
  recoverStorage(filesystems, 'filesystem');
}

import type { Command } from 'commander';
import { restoreMasterKey } from './restore.ts';
import { rotateMasterKey } from './rotate.ts';
import { showMasterKey } from './show.ts';

export function masterKeyCommand(program: Command): void {
  const masterKey = program.command('master-key');
  showMasterKey(masterKey);
  restoreMasterKey(masterKey);
  rotateMasterKey(masterKey);
}

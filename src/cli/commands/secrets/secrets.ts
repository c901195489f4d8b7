import type { Command } from 'commander';
import { listSecrets } from './list.ts';
import { setSecrets } from './set.ts';
import { unsetSecrets } from './unset.ts';

export function secretsCommand(program: Command): void {
  const secrets = program.command('secrets');
  setSecrets(secrets);
  listSecrets(secrets);
  unsetSecrets(secrets);
}

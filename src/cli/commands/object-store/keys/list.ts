import type { Command } from 'commander';
import { action, examples } from '../../../action.ts';
import { keyTable } from './describe-key.ts';

export function listKeys(keys: Command): void {
  keys
    .command('list')
    .description('list every key: those of services, of operators, and those that were made')
    .addHelpText('after', examples('object-store keys list'))
    .action(
      action(async ({ api }) => {
        const data = await (await api.keys.$get()).json();
        return { data, text: keyTable(data) };
      }),
    );
}

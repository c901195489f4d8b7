import type { Command } from 'commander';
import { action, examples } from '../action.ts';
import { table } from '../output/table.ts';

export function regionsCommand(program: Command): void {
  program
    .command('regions')
    .addHelpText('after', examples('regions'))
    .action(
      action(async ({ api }) => {
        const data = await (await api.regions.$get()).json();
        const rows = data.map((region) => [region.code, region.name, region.hosts.join(', ') || '-']);
        return { data, text: table(['CODE', 'NAME', 'HOSTS'], rows, 'No regions.') };
      }),
    );
}

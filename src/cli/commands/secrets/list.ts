import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';

export function listSecrets(secrets: Command): void {
  secrets
    .command('list')
    .description('list names and versions; values are never shown')
    .addHelpText('after', examples('secrets list --app photos'))
    .action(
      action(async (session) => {
        const app = await session.app();
        const data = await (await session.api.apps[':app'].secrets.$get({ param: { app } })).json();
        const rows = data.map(({ name, version, updatedAt }) => [name, String(version), ago(updatedAt)]);
        return { data, text: table(['NAME', 'VERSION', 'SET'], rows, `${app} has no secrets.`) };
      }),
    );
}

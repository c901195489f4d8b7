import type { Command } from 'commander';
import { action, examples } from '../../action.ts';

export function unsetSecrets(secrets: Command): void {
  secrets
    .command('unset <name...>')
    .description('remove secrets')
    .addHelpText('after', examples('secrets unset SESSION_KEY --app photos'))
    .action(
      action(async (session, names: readonly string[]) => {
        const app = await session.app();
        await session.api.apps[':app'].secrets.$delete({ param: { app }, query: { name: [...names] } });
        return { data: { app, unset: names }, text: `Removed from ${app}: ${names.join(', ')}.` };
      }),
    );
}

import type { Command } from 'commander';
import { action, examples } from '../action.ts';
import { describeApp } from '../output/describe-app.ts';

export function statusCommand(program: Command): void {
  program
    .command('status')
    .addHelpText('after', examples('status', 'status --app photos --json'))
    .action(
      action(async (session) => {
        const app = await session.app();
        const data = await (await session.api.apps[':app'].$get({ param: { app } })).json();
        return { data, text: describeApp(data) };
      }),
    );
}

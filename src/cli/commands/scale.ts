import type { Command } from 'commander';
import { action, examples } from '../action.ts';
import { cliErrors } from '../errors.ts';
import { describeApp } from '../output/describe-app.ts';

export function scaleCommand(program: Command): void {
  program
    .command('scale <service=count...>')
    .addHelpText('after', examples('scale web=3', 'scale web=2 worker=4 --app photos'))
    .action(
      action(async (session, words: readonly string[]) => {
        const targets = words.map(parseTarget);
        const app = await session.app();
        const scale = session.api.apps[':app'].services[':service'].scale;
        for (const { service, count } of targets) {
          await scale.$put({ param: { app, service }, json: { count } });
        }
        const data = await (await session.api.apps[':app'].$get({ param: { app } })).json();
        return { data, text: describeApp(data) };
      }),
    );
}

function parseTarget(word: string): { readonly service: string; readonly count: number } {
  const [, service, count] = /^([^=]+)=(\d{1,4})$/.exec(word) ?? [];
  if (service !== undefined) return { service, count: Number(count) };
  throw cliErrors.usage(`"${word}" is not <service>=<count>`, 'write for example web=3');
}

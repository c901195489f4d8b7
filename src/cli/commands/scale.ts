import type { Command } from 'commander';
import type { AppView } from '../../control/api/client.ts';
import { nearest } from '../../core/nearest.ts';
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
        const resource = session.api.apps[':app'];
        let view = await (await resource.$get({ param: { app } })).json();
        for (const { service } of targets) requireService(view, service);
        for (const { service, count } of targets) {
          view = await (
            await resource.services[':service'].scale.$put({ param: { app, service }, json: { count } })
          ).json();
        }
        return { data: view, text: describeApp(view) };
      }),
    );
}

function parseTarget(word: string): { readonly service: string; readonly count: number } {
  const [, service, count] = /^([^=]+)=(\d{1,4})$/.exec(word) ?? [];
  if (service !== undefined) return { service, count: Number(count) };
  throw cliErrors.usage(`"${word}" is not <service>=<count>`, 'write for example web=3');
}

/** Before anything is scaled: a typo in the second word must not leave the first half done. */
function requireService({ name, services }: AppView, service: string): void {
  const known = services.map((one) => one.name);
  if (!known.includes(service)) throw cliErrors.noService(name, service, nearest(service, known));
}

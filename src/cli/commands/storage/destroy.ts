import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { describeDestroyed } from '../../output/describe-storage.ts';
import { confirm } from '../../prompt.ts';
import { NOUNS, type StorageKind, storageApi } from './kinds.ts';

interface DestroyOptions {
  readonly now?: boolean;
  readonly yes?: boolean;
}

export function destroyStorage(noun: Command, kind: StorageKind): void {
  const command = `${NOUNS[kind]} destroy data`;
  noun
    .command(`destroy <${kind}>`)
    .description(`destroy a ${kind} with all that is in it; it can be recovered for 24 hours`)
    .option('--now', 'at once, without the 24 hours')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples(command, `${command} --now --yes`))
    .action(
      action(async ({ api }, id: string, { now, yes }: DestroyOptions) => {
        const resource = storageApi(api, kind)[':id'];
        const found = await (await resource.$get({ param: { id } })).json();
        await confirm(`destroying the ${kind} ${found.name}${now ? ' for good' : ''}`, { yes });
        const query = { now: now ? ('true' as const) : undefined };
        const data = await (await resource.$delete({ param: { id: found.id }, query })).json();
        const recover = `holdfast ${NOUNS[kind]} recover ${found.id}`;
        return { data, text: describeDestroyed(`The ${kind} ${found.name}`, data, recover) };
      }),
    );
}

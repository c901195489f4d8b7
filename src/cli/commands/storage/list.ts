import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { storageTable } from '../../output/describe-storage.ts';
import { NOUNS, type StorageKind, storageApi } from './kinds.ts';

export function listStorage(noun: Command, kind: StorageKind): void {
  noun
    .command('list')
    .description(`list the ${kind}s, of one app with --app`)
    .addHelpText('after', examples(`${NOUNS[kind]} list`, `${NOUNS[kind]} list --app photos`))
    .action(
      action(async ({ api, flags }) => {
        const data = await (await storageApi(api, kind).$get({ query: { app: flags.app } })).json();
        return { data, text: storageTable(data, kind) };
      }),
    );
}

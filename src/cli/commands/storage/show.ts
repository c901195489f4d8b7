import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { describeStorage } from '../../output/describe-storage.ts';
import { NOUNS, type StorageKind, storageApi } from './kinds.ts';

export function showStorage(noun: Command, kind: StorageKind): void {
  noun
    .command(`show <${kind}>`)
    .description(`show one ${kind}, by id or name`)
    .addHelpText('after', examples(`${NOUNS[kind]} show data`))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await storageApi(api, kind)[':id'].$get({ param: { id } })).json();
        return { data, text: describeStorage(data) };
      }),
    );
}

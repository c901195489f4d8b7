import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { NOUNS, type StorageKind, storageApi } from './kinds.ts';

export function recoverStorage(noun: Command, kind: StorageKind): void {
  noun
    .command(`recover <${kind}>`)
    .description(`take back the destruction of a ${kind}`)
    .addHelpText('after', examples(`${NOUNS[kind]} recover data`))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await storageApi(api, kind)[':id'].recover.$post({ param: { id } })).json();
        return { data, text: `The ${kind} ${data.name} (${data.id}) is back.` };
      }),
    );
}

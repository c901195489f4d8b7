import type { Command } from 'commander';
import { action, examples } from '../../action.ts';

export function restoreMasterKey(masterKey: Command): void {
  masterKey
    .command('restore')
    .description('write its file again where it is gone or damaged; the platform has the key until it stops')
    .addHelpText('after', examples('master-key restore'))
    .action(
      action(async ({ api }) => {
        const data = await (await api['master-key'].restore.$post()).json();
        const { id, file, restored } = data;
        const where = restored ? 'is back in' : 'was not lost: it is in';
        return { data, text: `Master key ${id} ${where} ${file}.` };
      }),
    );
}

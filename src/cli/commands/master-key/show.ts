import type { Command } from 'commander';
import type { MasterKeyView } from '../../../control/api/client.ts';
import { action, examples } from '../../action.ts';

export function showMasterKey(masterKey: Command): void {
  masterKey
    .command('show')
    .description('its id and where it is; the key itself is never shown')
    .addHelpText('after', examples('master-key show'))
    .action(
      action(async ({ api }) => {
        const data = await (await api['master-key'].$get()).json();
        return { data, text: describe(data) };
      }),
    );
}

function describe({ id, file, rotating }: MasterKeyView): string {
  const kept = `Master key ${id}, in ${file}.`;
  if (!rotating) return kept;
  return `${kept}\nIt has not taken the place of the one before everywhere yet; the platform's log says why.`;
}

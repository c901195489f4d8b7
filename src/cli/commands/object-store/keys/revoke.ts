import type { Command } from 'commander';
import { action, examples } from '../../../action.ts';

export function revokeKey(keys: Command): void {
  keys
    .command('revoke <id>')
    .description('end a key at once, with the URLs that were signed with it')
    .addHelpText('after', examples('object-store keys revoke HFAKQ2W3E4R5T6Y7U2I3'))
    .action(
      action(async ({ api }, id: string) => {
        await api.keys[':id'].$delete({ param: { id } });
        return { data: { id, revoked: true }, text: `The key ${id} is revoked.` };
      }),
    );
}

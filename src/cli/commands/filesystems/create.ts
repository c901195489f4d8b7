import type { Command } from 'commander';
import { action, examples } from '../../action.ts';

export function createFilesystem(filesystems: Command): void {
  filesystems
    .command('create <name>')
    .description('create a filesystem; it grows with what is in it')
    .addHelpText('after', examples('filesystems create shared', 'filesystems create shared --app photos'))
    .action(
      action(async (session, name: string) => {
        const app = await session.appIfNamed();
        const data = await (await session.api.filesystems.$post({ json: { name, app } })).json();
        return { data, text: `The filesystem ${name} (${data.id}) is there${data.app ? ` for ${data.app}` : ''}.` };
      }),
    );
}

import type { Command } from 'commander';
import type { MasterKeyRotationView } from '../../../control/api/client.ts';
import { action, examples } from '../../action.ts';
import { note } from '../../session.ts';

export function rotateMasterKey(masterKey: Command): void {
  masterKey
    .command('rotate')
    .description('put a new one in its place; nothing stops meanwhile, and what is encrypted stays as it is')
    .addHelpText('after', examples('master-key rotate'))
    .action(
      action(async ({ api }) => {
        const data = await (await api['master-key'].rotate.$post()).json();
        note(`Copy ${data.file} to another place now. Keep earlier keys as long as the backups made with them.`);
        return { data, text: describe(data) };
      }),
    );
}

function describe({ id, file, resealed, earlierGone }: MasterKeyRotationView): string {
  const { buckets, accessKeys, webhooks, secrets } = resealed;
  const parts = [
    count(buckets, 'bucket key'),
    count(accessKeys, 'access key'),
    count(webhooks, 'webhook secret'),
    count(secrets, 'secret'),
  ];
  const earlier = earlierGone
    ? 'The earlier key is out of the file.'
    : `Take the earlier key out of ${file}: the platform may not write it.`;
  return `Master key ${id} has sealed ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}. ${earlier}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

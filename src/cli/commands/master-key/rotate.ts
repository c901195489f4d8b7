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
        note(`Keep a copy of ${data.file} somewhere else now, and the one before as long as backups of before.`);
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
  const before = earlierGone ? 'The one before is needed no more.' : `Take the one before out of ${file}.`;
  return `Master key ${id} has sealed ${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}. ${before}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

import type { Command } from 'commander';
import { formatBytes, parseBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';

interface CreateOptions {
  readonly size: string;
  readonly region?: string;
  readonly snapshotId?: string;
}

export function createVolume(volumes: Command): void {
  volumes
    .command('create <name>')
    .description('create a volume; several may share a name, one an instance')
    .requiredOption('--size <size>', 'its size: 25, 25GB or 64GiB; a bare number is GB')
    .option('--region <code>', 'where; `holdfast regions` lists them')
    .option('--snapshot-id <id>', 'begin with what a snapshot holds')
    .addHelpText('after', examples('volumes create data --region ewr --size 25', 'volumes create data --size 512MiB'))
    .action(
      action(async (session, name: string, { size, region, snapshotId }: CreateOptions) => {
        const sizeBytes = parseBytes(size, 'GB');
        const app = await session.appIfNamed();
        const json = { name, app, region, sizeBytes, fromSnapshot: snapshotId };
        const data = await (await session.api.volumes.$post({ json })).json();
        const place = data.region === null ? '' : ` in ${data.region}`;
        const owner = data.app === null ? '' : ` for ${data.app}`;
        return { data, text: `The volume ${name} (${data.id}) of ${formatBytes(sizeBytes)} is there${place}${owner}.` };
      }),
    );
}

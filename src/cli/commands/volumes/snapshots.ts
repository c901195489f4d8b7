import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';

export function volumeSnapshots(volumes: Command): void {
  const snapshots = volumes.command('snapshots').description('states of a volume at a point in time');
  createSnapshot(snapshots);
  listSnapshots(snapshots);
}

function createSnapshot(snapshots: Command): void {
  snapshots
    .command('create <volume>')
    .description('take a snapshot')
    .addHelpText('after', examples('volumes snapshots create data'))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await api.volumes[':id'].snapshots.$post({ param: { id } })).json();
        const restore = `holdfast volumes create <name> --size <size> --snapshot-id ${data.id}`;
        return { data, text: `The snapshot ${data.id} is taken. A new volume from it: ${restore}` };
      }),
    );
}

function listSnapshots(snapshots: Command): void {
  snapshots
    .command('list <volume>')
    .description('list the snapshots')
    .addHelpText('after', examples('volumes snapshots list data'))
    .action(
      action(async ({ api }, id: string) => {
        const data = await (await api.volumes[':id'].snapshots.$get({ param: { id } })).json();
        const rows = data.map((snapshot) => [snapshot.id, ago(snapshot.createdAt)]);
        return { data, text: table(['SNAPSHOT', 'TAKEN'], rows, 'No snapshots yet.') };
      }),
    );
}

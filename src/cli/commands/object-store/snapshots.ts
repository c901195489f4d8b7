import type { Command } from 'commander';
import { formatBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';
import { confirm } from '../../prompt.ts';
import { withBucket } from './open-bucket.ts';

export function bucketSnapshots(buckets: Command): void {
  const snapshots = buckets.command('snapshots').alias('snapshot').description('states of a bucket at a point in time');
  createSnapshot(snapshots);
  listSnapshots(snapshots);
  destroySnapshot(snapshots);
}

function createSnapshot(snapshots: Command): void {
  snapshots
    .command('create <bucket> [name]')
    .description('take a snapshot, at once and without a copy')
    .addHelpText('after', examples('object-store snapshots create my-app-images before-cleanup'))
    .action(
      action(({ api }, bucket: string, name: string | undefined) =>
        withBucket(api, bucket, async (storage) => {
          const data = await storage.snapshots.create({ name });
          const look = `holdfast object-store ls ${bucket} --snapshot ${data.name ?? data.id}`;
          return { data, text: `The snapshot ${data.id} is taken. What is in it: ${look}` };
        }),
      ),
    );
}

function listSnapshots(snapshots: Command): void {
  snapshots
    .command('list <bucket>')
    .description('list the snapshots')
    .addHelpText('after', examples('object-store snapshots list my-app-images'))
    .action(
      action(({ api }, bucket: string) =>
        withBucket(api, bucket, async (storage) => {
          const data = await storage.snapshots.list();
          const rows = data.map(({ id, name = '-', createdAt, objects, bytes }) => [
            id,
            name,
            ago(createdAt.getTime()),
            String(objects),
            formatBytes(bytes),
          ]);
          return { data, text: table(['SNAPSHOT', 'NAME', 'TAKEN', 'OBJECTS', 'SIZE'], rows, 'No snapshots yet.') };
        }),
      ),
    );
}

function destroySnapshot(snapshots: Command): void {
  snapshots
    .command('destroy <bucket> <snapshot>')
    .description('give a snapshot up: what only it still has goes for good')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('object-store snapshots destroy my-app-images before-cleanup'))
    .action(
      action(({ api }, bucket: string, snapshot: string, { yes }: { readonly yes?: boolean }) =>
        withBucket(api, bucket, async (storage) => {
          await confirm(`destroying the snapshot ${snapshot} of ${bucket}`, { yes });
          await storage.snapshots.delete(snapshot);
          return { data: { bucket, destroyed: snapshot }, text: `The snapshot ${snapshot} is gone.` };
        }),
      ),
    );
}

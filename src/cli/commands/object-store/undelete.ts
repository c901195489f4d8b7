import type { Command } from 'commander';
import type { ListedVersion, Storage } from '../../../../sdk/src/index.ts';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { withBucket } from './open-bucket.ts';

export function undeleteObject(buckets: Command): void {
  buckets
    .command('undelete <bucket> <key>')
    .description('bring back what was deleted, in a bucket with versions')
    .addHelpText('after', examples('object-store undelete my-app-images cat.jpg'))
    .action(
      action(({ api }, bucket: string, key: string) =>
        withBucket(api, bucket, async (storage) => {
          const latest = await latestVersion(storage, key);
          if (!latest) throw cliErrors.objectMissing(bucket, key);
          const { deleteMarker, versionId } = latest;
          if (!deleteMarker) return { data: { bucket, key, undeleted: false }, text: `${bucket}/${key} is there.` };
          await storage.remove({ key, versionId });
          return { data: { bucket, key, undeleted: true }, text: `${bucket}/${key} is back.` };
        }),
      ),
    );
}

async function latestVersion(storage: Storage, key: string): Promise<ListedVersion | undefined> {
  for await (const version of storage.listVersions({ prefix: key })) {
    if (version.key !== key) return undefined;
    if (version.isLatest) return version;
  }
  return undefined;
}

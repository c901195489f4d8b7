import type { Command } from 'commander';
import type { StorageReader } from '../../../../sdk/src/index.ts';
import { formatBytes } from '../../../core/units.ts';
import { type Answer, action, examples } from '../../action.ts';
import { printable } from '../../output/printable.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';
import { readerOf, withBucket } from './open-bucket.ts';

interface LsOptions {
  readonly recursive?: boolean;
  readonly versions?: boolean;
  readonly snapshot?: string;
}

export function listObjects(buckets: Command): void {
  buckets
    .command('ls <bucket> [prefix]')
    .description('list objects, one "directory" at a time')
    .option('-r, --recursive', 'every object below the prefix')
    .option('--snapshot <snapshot>', 'what a snapshot has, by id or name')
    .option('--versions', 'what every object below the prefix was, the newest first')
    .addHelpText(
      'after',
      examples(
        'object-store ls my-app-images',
        'object-store ls my-app-images users/',
        'object-store ls site -r --json',
      ),
    )
    .action(
      action(
        async ({ api }, bucket: string, prefix: string | undefined, { recursive, versions, snapshot }: LsOptions) => {
          if (versions) return withBucket(api, bucket, (storage) => listVersions(readerOf(storage, snapshot), prefix));
          const data = await withBucket(api, bucket, (storage) =>
            Array.fromAsync(readerOf(storage, snapshot).list({ prefix, delimiter: recursive ? undefined : '/' })),
          );
          const rows = data.map((entry) =>
            entry.key === undefined
              ? [printable(entry.prefix), '-', '-']
              : [printable(entry.key), formatBytes(entry.size), ago(entry.lastModified.getTime())],
          );
          return {
            data,
            text: table(['KEY', 'SIZE', 'CHANGED'], rows, `Nothing in ${bucket}${prefix ? ` under ${prefix}` : ''}.`),
          };
        },
      ),
    );
}

async function listVersions(storage: StorageReader, prefix: string | undefined): Promise<Answer> {
  const data = await Array.fromAsync(storage.listVersions({ prefix }));
  const rows = data.map(({ key, versionId, deleteMarker, isLatest, size, lastModified }) => [
    printable(key),
    deleteMarker ? 'deleted' : formatBytes(size),
    ago(lastModified.getTime()),
    isLatest ? 'now' : '',
    versionId,
  ]);
  const none = `Nothing in ${storage.bucket}${prefix ? ` under ${prefix}` : ''}.`;
  return { data, text: table(['KEY', 'SIZE', 'CHANGED', '', 'VERSION'], rows, none) };
}

import type { Command } from 'commander';
import { formatBytes } from '../../../core/units.ts';
import { action, examples } from '../../action.ts';
import { table } from '../../output/table.ts';
import { ago } from '../../output/time.ts';
import { withBucket } from './open-bucket.ts';

interface LsOptions {
  readonly recursive?: boolean;
}

export function listObjects(buckets: Command): void {
  buckets
    .command('ls <bucket> [prefix]')
    .description('list objects, one "directory" at a time')
    .option('-r, --recursive', 'every object below the prefix')
    .addHelpText(
      'after',
      examples(
        'object-store ls my-app-images',
        'object-store ls my-app-images users/',
        'object-store ls site -r --json',
      ),
    )
    .action(
      action(async ({ api }, bucket: string, prefix: string | undefined, { recursive }: LsOptions) => {
        const data = await withBucket(api, bucket, (storage) =>
          Array.fromAsync(storage.list({ prefix, delimiter: recursive ? undefined : '/' })),
        );
        const rows = data.map((entry) =>
          entry.key === undefined
            ? [entry.prefix, '-', '-']
            : [entry.key, formatBytes(entry.size), ago(entry.lastModified.getTime())],
        );
        return {
          data,
          text: table(['KEY', 'SIZE', 'CHANGED'], rows, `Nothing in ${bucket}${prefix ? ` under ${prefix}` : ''}.`),
        };
      }),
    );
}

import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { confirm } from '../../prompt.ts';
import { withBucket } from './open-bucket.ts';

interface RmOptions {
  readonly recursive?: boolean;
  readonly yes?: boolean;
}

export function removeObjects(buckets: Command): void {
  buckets
    .command('rm <bucket> <key...>')
    .description('remove objects')
    .option('-r, --recursive', 'the keys are prefixes: every object below them')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('object-store rm my-app-images old.jpg --yes', 'object-store rm my-app-images tmp/ -r'),
    )
    .action(
      action(async ({ api }, bucket: string, words: readonly string[], { recursive, yes }: RmOptions) =>
        withBucket(api, bucket, async (storage) => {
          const below = async (prefix: string) =>
            (await Array.fromAsync(storage.list({ prefix }))).flatMap((entry) => entry.key ?? []);
          const keys = recursive ? (await Promise.all(words.map(below))).flat() : words;
          const what = keys.length === 1 ? `${bucket}/${keys[0]}` : `${keys.length} objects of ${bucket}`;
          if (keys.length > 0) {
            await confirm(`removing ${what}`, { yes });
            await storage.remove(keys);
          }
          return {
            data: { bucket, removed: keys },
            text: keys.length === 0 ? 'Nothing to remove.' : `Removed ${what}.`,
          };
        }),
      ),
    );
}

import type { Command } from 'commander';
import type { Storage } from '../../../../sdk/src/index.ts';
import { type Answer, action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { confirm } from '../../prompt.ts';
import { withBucket } from './open-bucket.ts';

interface RmOptions {
  readonly recursive?: boolean;
  readonly versionId?: string;
  readonly yes?: boolean;
}

export function removeObjects(buckets: Command): void {
  buckets
    .command('rm <bucket> <key...>')
    .description('remove objects')
    .option('-r, --recursive', 'the keys are prefixes: every object below them')
    .option('--version-id <id>', 'one version of one object, for good; see ls --versions')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('object-store rm my-app-images old.jpg --yes', 'object-store rm my-app-images tmp/ -r'),
    )
    .action(
      action(async ({ api }, bucket: string, words: readonly string[], options: RmOptions) =>
        withBucket(api, bucket, async (storage) => {
          const { recursive, versionId, yes } = options;
          if (versionId !== undefined) return removeVersion(storage, { keys: words, versionId, ...options });
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

/** What goes with a version cannot come back. */
async function removeVersion(
  storage: Storage,
  { keys, versionId, recursive, yes }: RmOptions & { readonly keys: readonly string[]; readonly versionId: string },
): Promise<Answer> {
  const [key = '', ...others] = keys;
  if (recursive || others.length > 0) throw cliErrors.usage('a version is of one object', 'name one key');
  const what = `version ${versionId} of ${storage.bucket}/${key}`;
  await confirm(`removing ${what} for good`, { yes });
  await storage.remove({ key, versionId });
  return { data: { bucket: storage.bucket, removed: [key], versionId }, text: `Removed ${what}.` };
}

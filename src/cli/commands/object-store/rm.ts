import type { Command } from 'commander';
import type { Storage } from '../../../../sdk/src/index.ts';
import { type Answer, action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { EXIT_CODES } from '../../exit-codes.ts';
import { confirm } from '../../prompt.ts';
import { note } from '../../session.ts';
import { asDirectory } from '../../transfer/location.ts';
import { runJobs } from '../../transfer/run-jobs.ts';
import { withBucket } from './open-bucket.ts';

interface RmOptions {
  readonly recursive?: boolean;
  readonly versionId?: string;
  readonly bypassGovernance?: boolean;
  readonly yes?: boolean;
}

export function removeObjects(buckets: Command): void {
  buckets
    .command('rm <bucket> <key...>')
    .description('remove objects')
    .option('-r, --recursive', 'the keys are directories: every object below them too; "" is the whole bucket')
    .option('--version-id <id>', 'one version of one object, for good; see ls --versions')
    .option('--bypass-governance', 'of that version: although its retention in mode governance has not ended')
    .option('-y, --yes', 'do not ask')
    .addHelpText(
      'after',
      examples('object-store rm my-app-images old.jpg --yes', 'object-store rm my-app-images tmp/ -r'),
    )
    .action(
      action(async ({ api }, bucket: string, words: readonly string[], options: RmOptions) =>
        withBucket(api, bucket, (storage) =>
          options.versionId === undefined
            ? removeNamed(storage, words, options)
            : removeVersion(storage, { keys: words, versionId: options.versionId, ...options }),
        ),
      ),
    );
}

/** S3 takes a key that is not there for removed; a person has misspelt it. What is there goes all the same. */
async function removeNamed(storage: Storage, words: readonly string[], options: RmOptions): Promise<Answer> {
  if (options.bypassGovernance)
    throw cliErrors.usage('a retention is of a version, and this removes none', 'leave it out, or name --version-id');
  const { bucket } = storage;
  const found = await findNamed(storage, words, options.recursive ?? false);
  const keys = [...new Set(words.flatMap((word) => found.get(word) ?? []))];
  const missing = words.filter((word) => word !== '' && found.get(word)?.length === 0);
  const [first = '', second] = missing;
  if (keys.length === 0 && first !== '' && second === undefined) throw cliErrors.objectMissing(bucket, first);
  const what = keys.length === 1 ? `${bucket}/${keys[0]}` : `${keys.length} objects of ${bucket}`;
  if (keys.length > 0) {
    await confirm(`removing ${what}`, options);
    await storage.remove(keys);
  }
  for (const word of missing) note(`not there: ${word}`);
  if (missing.length > 0) process.exitCode = EXIT_CODES.notFound.code;
  return {
    data: { bucket, removed: keys, missing },
    text: keys.length === 0 ? 'Nothing to remove.' : `Removed ${what}.`,
  };
}

/** The keys that are there, by the word that names them. */
async function findNamed(storage: Storage, words: readonly string[], recursive: boolean) {
  const found = new Map<string, readonly string[]>();
  const look = async (word: string) => {
    const listed = await Array.fromAsync(storage.list({ prefix: word, limit: recursive ? undefined : 1 }));
    const isMeant = (key: string) => key === word || (recursive && key.startsWith(asDirectory(word)));
    found.set(
      word,
      listed.flatMap(({ key = '' }) => (isMeant(key) ? [key] : [])),
    );
  };
  await runJobs(
    words.map((word) => ({ weight: 0, run: () => look(word) })),
    { jobs: 16, weight: Number.POSITIVE_INFINITY },
  );
  return found;
}

/** What goes with a version cannot come back. */
async function removeVersion(
  storage: Storage,
  {
    keys,
    versionId,
    recursive,
    bypassGovernance,
    yes,
  }: RmOptions & { readonly keys: readonly string[]; readonly versionId: string },
): Promise<Answer> {
  const [key = '', ...others] = keys;
  if (recursive || others.length > 0) throw cliErrors.usage('a version is of one object', 'name one key');
  if (!(await hasVersion(storage, key, versionId))) throw cliErrors.versionMissing(storage.bucket, key, versionId);
  const what = `version ${versionId} of ${storage.bucket}/${key}`;
  await confirm(`removing ${what} for good`, { yes });
  await storage.remove({ key, versionId }, { bypassGovernance });
  return { data: { bucket: storage.bucket, removed: [key], versionId }, text: `Removed ${what}.` };
}

async function hasVersion(storage: Storage, key: string, versionId: string): Promise<boolean> {
  for await (const version of storage.listVersions({ prefix: key })) {
    if (version.key !== key) return false; // an object sorts before those whose keys go on
    if (version.versionId === versionId) return true;
  }
  return false;
}

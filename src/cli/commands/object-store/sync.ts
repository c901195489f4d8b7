import type { Command } from 'commander';
import type { Storage } from '../../../../sdk/src/index.ts';
import { type Answer, action, examples } from '../../action.ts';
import { type CustomerKeyOption, customerKeyOption, readCustomerKey } from '../../customer-key.ts';
import { cliErrors } from '../../errors.ts';
import { untilInterrupted } from '../../interruption.ts';
import type { Session } from '../../session.ts';
import { type BucketLocation, type Location, parseLocation } from '../../transfer/location.ts';
import type { BucketSource, BucketTarget, Source, Target } from '../../transfer/side.ts';
import { readerOf, withBucket, withTwoBuckets } from './open-bucket.ts';
import { runTransfer, type TreeOptions, treeOptions } from './transfer-command.ts';

interface SyncOptions extends TreeOptions, CustomerKeyOption {
  readonly delete?: boolean;
  readonly checksum?: boolean;
  readonly snapshot?: string;
  readonly cacheControl?: string;
  readonly yes?: boolean;
}

export function syncObjects(buckets: Command): void {
  const command = buckets
    .command('sync <from> <to>')
    .description('make a bucket, a prefix of it or a directory have what another one has')
    .option('--delete', 'take away from the target what the source has not')
    .option('--snapshot <snapshot>', 'from what a snapshot of the bucket has, also back to the bucket')
    .option('--checksum', 'compare contents; default: size and time, which is kept with the object');
  treeOptions(customerKeyOption(command))
    .option(
      '--cache-control <value>',
      'what browsers and caches are told of the files that are uploaded, such as max-age=3600',
    )
    .option('-y, --yes', 'do not ask before --delete leaves nothing of what the target has')
    .addHelpText(
      'after',
      examples(
        'object-store sync ./photos s3://my-app-images/photos',
        'object-store sync s3://my-app-images ./backup --delete --dry-run',
        'object-store sync s3://my-app-images s3://my-app-images --snapshot monday --delete',
        "object-store sync s3://my-app-images s3://archive/2026 --exclude '*' --include '*.jpg'",
      ),
    )
    .action(
      action(({ api }, from: string, to: string, options: SyncOptions) =>
        untilInterrupted(
          async (signal) => {
            const ends = { from: parseLocation(from), to: parseLocation(to) };
            const customerKey = await readCustomerKey(options.sseCKeyFile);
            if (customerKey && options.checksum) throw noChecksums();
            return withSides(api, { ...ends, ...options, customerKey }, (sides) => {
              const compare = options.checksum ? ('checksum' as const) : ('time' as const);
              return runTransfer({ ...options, ...sides, compare, signal });
            });
          },
          { goesOn: true },
        ),
      ),
    );
}

function noChecksums() {
  return cliErrors.usage(
    'of objects under a key of your own no ETag says what is in them',
    'leave --checksum out: sizes and times are compared',
  );
}

interface Ends {
  readonly from: Location;
  readonly to: Location;
  readonly customerKey: Uint8Array | undefined;
}

type Run = (sides: { readonly from: Source; readonly to: Target }) => Promise<Answer>;

/** @throws HoldfastError `usage` for what is no sync between a bucket and something */
function withSides(
  api: Session['api'],
  { from, to, customerKey, snapshot, cacheControl }: Pick<SyncOptions, 'snapshot' | 'cacheControl'> & Ends,
  run: Run,
): Promise<Answer> {
  if (from.kind === 'bucket' && cacheControl !== undefined)
    throw cliErrors.usage('--cache-control is for files that are uploaded', 'leave it out: objects keep what they say');
  if (from.kind === 'bucket' && to.kind === 'bucket') {
    return withTwoBuckets(api, { from: from.bucket, to: to.bucket, customerKey }, (storages) => {
      const sides = { from: sourceOf(from, storages.from, snapshot), to: targetOf(to, storages.to) };
      if (snapshot === undefined && overlap(sides.from, sides.to))
        throw cliErrors.usage('one of the two is inside the other', 'choose prefixes apart');
      return run(sides);
    });
  }
  if (from.kind === 'bucket' && to.kind === 'directory') {
    const sync = (storage: Storage) => run({ from: sourceOf(from, storage, snapshot), to });
    return withBucket(api, from.bucket, sync, { customerKey });
  }
  if (snapshot !== undefined) throw cliErrors.usage('a directory has no snapshots', 'leave --snapshot out');
  if (from.kind === 'directory' && to.kind === 'bucket') {
    const sync = (storage: Storage) => run({ from, to: { ...targetOf(to, storage), settings: { cacheControl } } });
    return withBucket(api, to.bucket, sync, { customerKey });
  }
  throw cliErrors.usage('neither is a bucket', 'write a bucket as s3://bucket or s3://bucket/prefix');
}

/** Whether one holds the other: a sync between them would find its own copies. */
function overlap(a: BucketSource, b: BucketSource): boolean {
  const sameBucket = a.storage.bucket === b.storage.bucket; // which may go by two names, one of them its id
  return sameBucket && (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix));
}

function sourceOf({ prefix }: BucketLocation, storage: Storage, snapshot: string | undefined): BucketSource {
  return { kind: 'bucket', storage: readerOf(storage, snapshot), prefix, snapshot };
}

function targetOf({ prefix }: BucketLocation, storage: Storage): BucketTarget {
  return { kind: 'bucket', storage, prefix };
}

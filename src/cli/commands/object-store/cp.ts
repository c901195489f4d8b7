import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { type CustomerKeyOption, customerKeyOption, readCustomerKey } from '../../customer-key.ts';
import { cliErrors } from '../../errors.ts';
import { parseObjectName } from '../../transfer/location.ts';
import { withTwoBuckets } from './open-bucket.ts';

interface CpOptions extends CustomerKeyOption {
  readonly sourceSseCKeyFile?: string;
  readonly versionId?: string;
}

export function copyObjects(buckets: Command): void {
  customerKeyOption(buckets.command('cp <from> <to>'))
    .description('copy an object on the server, with its type and metadata')
    .option('--source-sse-c-key-file <file>', 'the key of your own that the source is under')
    .option('--version-id <id>', 'an old version, see ls --versions; copied to its own key it is back')
    .addHelpText('after', examples('object-store cp s3://my-app-images/cat.jpg s3://archive/2026/'))
    .action(
      action(async ({ api }, source: string, target: string, { versionId, ...keys }: CpOptions) => {
        const [from, to] = names(source, target);
        const customerKey = await readCustomerKey(keys.sseCKeyFile);
        const fromCustomerKey = (await readCustomerKey(keys.sourceSseCKeyFile)) ?? null;
        await withTwoBuckets(api, { from: from.bucket, to: to.bucket, customerKey }, (storage) =>
          storage.to.copy(from.key, to.key, { fromBucket: storage.from.bucket, fromCustomerKey, versionId }),
        );
        return { data: { from, to }, text: `${to.bucket}/${to.key} is a copy of ${from.bucket}/${from.key}.` };
      }),
    );
}

export function moveObject(buckets: Command): void {
  customerKeyOption(buckets.command('mv <from> <to>'))
    .description('copy an object on the server, then remove the first; a failure in between leaves both')
    .addHelpText('after', examples('object-store mv s3://my-app-images/cat.jpg s3://my-app-images/cats/tom.jpg'))
    .action(
      action(async ({ api }, source: string, target: string, { sseCKeyFile }: CustomerKeyOption) => {
        const [from, to] = names(source, target);
        const customerKey = await readCustomerKey(sseCKeyFile);
        await withTwoBuckets(api, { from: from.bucket, to: to.bucket, customerKey }, async (storage) => {
          const { bucket } = storage.from; // which may go by two names, one of them its id
          if (bucket === storage.to.bucket && from.key === to.key)
            throw cliErrors.usage('both are the same object', 'name two');
          const moved = await storage.from.head(from.key);
          if (!moved) throw cliErrors.objectMissing(bucket, from.key);
          await storage.to.copy(from.key, to.key, { fromBucket: bucket });
          await storage.from.remove(from.key, { ifMatch: moved.etag }); // not what was put there meanwhile
        });
        return { data: { from, to }, text: `${from.bucket}/${from.key} is ${to.bucket}/${to.key} now.` };
      }),
    );
}

/** A target that ends in `/` takes the object under its own name. */
function names(source: string, target: string) {
  const from = parseObjectName(source);
  const to = parseObjectName(target);
  if (from.key === '') throw cliErrors.usage(`"${source}" names no object`, 'write s3://bucket/key');
  const own = from.key.slice(from.key.lastIndexOf('/') + 1);
  return [from, to.key === '' || to.key.endsWith('/') ? { ...to, key: to.key + own } : to] as const;
}

import type { Command } from 'commander';
import type { Tags } from '../../../../sdk/src/index.ts';
import { versionQuery } from '../../../../sdk/src/object-version.ts';
import { getTags, setTags } from '../../../../sdk/src/tags.ts';
import { type Answer, action, examples } from '../../action.ts';
import { printable } from '../../output/printable.ts';
import { unlessMissing } from './missing-object.ts';
import { checkedName, nameOfObject, type ObjectName, objectVersion } from './name-of-object.ts';
import { collectPairs, type Pairs } from './named-values.ts';
import { withBucketRequests } from './open-bucket.ts';

interface TagOptions {
  readonly versionId?: string;
  readonly tag?: Pairs;
}

/** `tags get`, `set` and `unset`, of an object or with no key of the bucket. */
export function objectTags(buckets: Command): void {
  const tags = buckets.command('tags').description('tags of an object, or of a bucket');
  printTags(tags);
  replaceTags(tags);
  removeTags(tags);
}

function printTags(tags: Command): void {
  objectVersion(tags.command('get <bucket> [key]'))
    .description('print the tags of an object, or without a key those of the bucket')
    .addHelpText(
      'after',
      examples('object-store tags get my-app-images cat.jpg', 'object-store tags get my-app-images'),
    )
    .action(
      action(async ({ api }, bucket: string, key: string | undefined, { versionId }: TagOptions) => {
        const tagged = checkedName({ bucket, key, versionId });
        const found = await withBucketRequests(api, bucket, (s3) =>
          unlessMissing('NoSuchTagSet', getTags(s3, key, { versionId })),
        );
        return answer(tagged, found ?? {});
      }),
    );
}

function replaceTags(tags: Command): void {
  objectVersion(tags.command('set <bucket> [key]'))
    .description('put tags in place of those that an object has, or without a key of those of the bucket')
    .requiredOption('--tag <name=value>', 'may be given again', collectPairs)
    .addHelpText(
      'after',
      examples(
        'object-store tags set my-app-images cat.jpg --tag album=pets --tag year=2026',
        'object-store tags set my-app-images --tag team=web',
      ),
    )
    .action(
      action(async ({ api }, bucket: string, key: string | undefined, { versionId, tag = {} }: TagOptions) => {
        const tagged = checkedName({ bucket, key, versionId });
        await withBucketRequests(api, bucket, (s3) => setTags(s3, key, { tags: tag, versionId }));
        return answer(tagged, tag);
      }),
    );
}

function removeTags(tags: Command): void {
  objectVersion(tags.command('unset <bucket> [key]'))
    .description('take all tags away from an object, or without a key from the bucket')
    .addHelpText('after', examples('object-store tags unset my-app-images cat.jpg'))
    .action(
      action(async ({ api }, bucket: string, key: string | undefined, { versionId }: TagOptions) => {
        const tagged = checkedName({ bucket, key, versionId });
        const query = { tagging: '', ...versionQuery(versionId) };
        await withBucketRequests(api, bucket, (s3) => s3.send({ method: 'DELETE', key, query }));
        return answer(tagged, {});
      }),
    );
}

function answer(tagged: ObjectName, tags: Tags): Answer {
  const lines = Object.entries(tags).map(([name, value]) => printable(`${name}=${value}`));
  return { data: { ...tagged, tags }, text: lines.join('\n') || `${nameOfObject(tagged)} has no tags.` };
}

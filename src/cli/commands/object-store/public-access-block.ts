import { Argument, type Command } from 'commander';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { fields } from '../../output/table.ts';
import { element } from './configuration-xml.ts';
import { unlessMissing } from './missing-object.ts';
import { withBucketRequests } from './open-bucket.ts';

/** By the names of S3's elements (API Reference, PublicAccessBlockConfiguration). */
const SETTINGS = {
  'block-public-acls': 'BlockPublicAcls',
  'ignore-public-acls': 'IgnorePublicAcls',
  'block-public-policy': 'BlockPublicPolicy',
  'restrict-public-buckets': 'RestrictPublicBuckets',
} as const;

type Setting = keyof typeof SETTINGS;
const ALL = Object.keys(SETTINGS) as Setting[];
const query = { publicAccessBlock: '' };

export function publicAccessBlock(buckets: Command): void {
  const block = buckets
    .command('public-access-block')
    .description('the public access block of a bucket: what keeps ACLs and policies from opening it to everyone');
  getBlock(block);
  setBlock(block);
  unsetBlock(block);
}

function getBlock(block: Command): void {
  block
    .command('get <bucket>')
    .description('print what is blocked')
    .addHelpText('after', examples('object-store public-access-block get my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        const found = await withBucketRequests(api, bucket, (s3) =>
          unlessMissing('NoSuchPublicAccessBlockConfiguration', s3.send({ method: 'GET', query })),
        );
        const isOn = (setting: Setting) => found !== undefined && text(found.text, SETTINGS[setting]) === 'true';
        const blocks = ALL.map((setting) => [setting, isOn(setting)] as const);
        const lines = fields(blocks.map(([setting, on]) => [setting, on ? 'on' : 'off']));
        const data = { bucket, publicAccessBlock: found ? Object.fromEntries(blocks) : null };
        return { data, text: found ? lines : `${bucket} has no public access block.` };
      }),
    );
}

function setBlock(block: Command): void {
  block
    .command('set <bucket>')
    .description('block public access: all four settings, or those that are named and no others')
    .addArgument(new Argument('[setting...]').choices(ALL))
    .addHelpText(
      'after',
      examples(
        'object-store public-access-block set my-app-images',
        'object-store public-access-block set my-app-images block-public-acls ignore-public-acls',
      ),
    )
    .action(
      action(async ({ api }, bucket: string, named: readonly Setting[]) => {
        const settings = named.length === 0 ? ALL : named;
        const switches = ALL.map((setting) => [SETTINGS[setting], settings.includes(setting)]);
        const body = Buffer.from(element('PublicAccessBlockConfiguration', Object.fromEntries(switches)));
        await withBucketRequests(api, bucket, (s3) => s3.send({ method: 'PUT', query, body }));
        const data = { bucket, publicAccessBlock: Object.fromEntries(ALL.map((one) => [one, settings.includes(one)])) };
        return { data, text: `${bucket} has the public access block ${settings.join(', ')}.` };
      }),
    );
}

function unsetBlock(block: Command): void {
  block
    .command('unset <bucket>')
    .description('let ACLs and policies open the bucket to everyone again')
    .addHelpText('after', examples('object-store public-access-block unset my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        await withBucketRequests(api, bucket, (s3) => s3.send({ method: 'DELETE', query }));
        return { data: { bucket, publicAccessBlock: null }, text: `${bucket} has no public access block.` };
      }),
    );
}

import { Argument, type Command } from 'commander';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { element } from './configuration-xml.ts';
import { unlessMissing } from './missing-object.ts';
import { withBucketRequests } from './open-bucket.ts';

/** By S3's own names (API Reference, OwnershipControlsRule). */
const RULES = {
  'bucket-owner-enforced': 'BucketOwnerEnforced',
  'bucket-owner-preferred': 'BucketOwnerPreferred',
  'object-writer': 'ObjectWriter',
} as const;

type Rule = keyof typeof RULES;
/** What a bucket without ownership controls does. */
const DEFAULT: Rule = 'object-writer';

export function bucketOwnership(buckets: Command): void {
  buckets
    .command('ownership <bucket>')
    .description('print or set the ownership controls of a bucket: bucket-owner-enforced disables its ACLs')
    .addArgument(new Argument('[rule]', 'without it: print').choices(Object.keys(RULES)))
    .addHelpText(
      'after',
      examples('object-store ownership my-app-images', 'object-store ownership my-app-images bucket-owner-enforced'),
    )
    .action(
      action(({ api }, bucket: string, rule: Rule | undefined) =>
        withBucketRequests(api, bucket, async (s3) => {
          const query = { ownershipControls: '' };
          if (rule === undefined) {
            const found = await unlessMissing('OwnershipControlsNotFoundError', s3.send({ method: 'GET', query }));
            const ownership = found ? ruleOf(text(found.text, 'ObjectOwnership')) : DEFAULT;
            return { data: { bucket, ownership }, text: ownership };
          }
          const body = element('OwnershipControls', { Rule: { ObjectOwnership: RULES[rule] } });
          await s3.send({ method: 'PUT', query, body: Buffer.from(body) });
          return { data: { bucket, ownership: rule }, text: `The ownership of objects in ${bucket} is ${rule}.` };
        }),
      ),
    );
}

function ruleOf(name: string | undefined): Rule {
  const [rule = DEFAULT] = Object.entries(RULES).find(([, one]) => one === name) ?? [];
  return rule as Rule;
}

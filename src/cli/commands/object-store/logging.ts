import { type Command, Option } from 'commander';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import { text } from '../../../../sdk/src/xml.ts';
import { action, examples } from '../../action.ts';
import { element, type XmlContents } from './configuration-xml.ts';
import { withBucketNaming, withBucketRequests } from './open-bucket.ts';

/** Which date the keys of log objects have behind account, region and bucket, in S3's words. */
const DATES = { request: 'EventTime', delivery: 'DeliveryTime' } as const;

interface Logging {
  readonly target: string;
  readonly prefix: string;
  /** Absent: keys have no date but in their last part. */
  readonly byDate?: keyof typeof DATES | undefined;
}

/** The access log of a bucket: `logging get`, `set` and `unset`. */
export function bucketAccessLog(buckets: Command): void {
  const logging = buckets
    .command('logging')
    .description('the access log of a bucket: a line for each request, in objects');
  getLogging(logging);
  setLogging(logging);
  unsetLogging(logging);
}

function getLogging(logging: Command): void {
  logging
    .command('get <bucket>')
    .description('print where the access log of a bucket goes')
    .addHelpText('after', examples('object-store logging get my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        const found = await withBucketRequests(api, bucket, read);
        return { data: { bucket, ...found }, text: found ? describe(found) : `${bucket} has no access log.` };
      }),
    );
}

function describe({ target, prefix, byDate }: Logging): string {
  const date = byDate && `, by the date of the ${byDate === 'request' ? 'requests' : 'delivery'}`;
  return `${target}/${prefix}${date ?? ''}`;
}

interface SetOptions {
  readonly prefix?: string;
  readonly byDate?: keyof typeof DATES;
}

function setLogging(logging: Command): void {
  logging
    .command('set <bucket> <target>')
    .description('write a line for each request to a bucket into objects of another one')
    .option('--prefix <prefix>', 'their keys begin so; the name of the bucket and a slash if not said')
    .addOption(
      new Option('--by-date <date>', 'put account, region, bucket and a date into the keys').choices(
        Object.keys(DATES),
      ),
    )
    .addHelpText('after', examples('object-store logging set my-app-images logs'))
    .action(
      action(async ({ api }, bucket: string, target: string, { prefix = `${bucket}/`, byDate }: SetOptions) => {
        await withBucketNaming(api, { id: bucket, other: target }, (s3, target) =>
          write(s3, { target, prefix, byDate }),
        );
        const data = { bucket, target, prefix, byDate };
        return { data, text: `The access log of ${bucket} goes to ${target}/${prefix}, within some minutes.` };
      }),
    );
}

function unsetLogging(logging: Command): void {
  logging
    .command('unset <bucket>')
    .description('write no access log any more; what is written stays')
    .addHelpText('after', examples('object-store logging unset my-app-images'))
    .action(
      action(async ({ api }, bucket: string) => {
        await withBucketRequests(api, bucket, (s3) => write(s3, undefined));
        return { data: { bucket, logging: 'unset' }, text: `${bucket} has no access log.` };
      }),
    );
}

async function read(s3: S3Client): Promise<Logging | undefined> {
  const answer = (await s3.send({ method: 'GET', query: { logging: '' } })).text;
  const target = text(answer, 'TargetBucket');
  if (target === undefined) return undefined;
  const source = text(answer, 'PartitionDateSource');
  const byDate = source === undefined ? undefined : source === 'EventTime' ? 'request' : 'delivery';
  return { target, prefix: text(answer, 'TargetPrefix') ?? '', byDate };
}

async function write(s3: S3Client, logging: Logging | undefined): Promise<void> {
  const body = element('BucketLoggingStatus', { LoggingEnabled: logging && xmlOf(logging) });
  await s3.send({ method: 'PUT', query: { logging: '' }, body: Buffer.from(body) });
}

function xmlOf({ target, prefix, byDate }: Logging): XmlContents {
  const format = byDate && { PartitionedPrefix: { PartitionDateSource: DATES[byDate] } };
  return { TargetBucket: target, TargetPrefix: prefix, TargetObjectKeyFormat: format };
}

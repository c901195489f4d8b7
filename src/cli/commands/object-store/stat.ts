import type { Command } from 'commander';
import { headObject } from '../../../../sdk/src/head.ts';
import { momentFields } from '../../../../sdk/src/moment.ts';
import type { S3Client } from '../../../../sdk/src/s3-client.ts';
import { getTags } from '../../../../sdk/src/tags.ts';
import { isHoldfastCode } from '../../../core/errors.ts';
import { action, examples } from '../../action.ts';
import { type CustomerKeyOption, customerKeyOption, readCustomerKey } from '../../customer-key.ts';
import { describeObject, type ObjectDescription, readDescription } from './describe-object.ts';
import { type NamedObject, whatIsMissing } from './missing-object.ts';
import { checkedName, objectVersion } from './name-of-object.ts';
import { withBucket, withBucketRequests } from './open-bucket.ts';

interface StatOptions extends CustomerKeyOption {
  readonly versionId?: string;
  readonly snapshot?: string;
}

export function statObject(buckets: Command): void {
  customerKeyOption(objectVersion(buckets.command('stat <bucket> <key>').alias('head')))
    .description('show what is known of an object: size, type, ETag, metadata, tags, version, lock')
    .option('--snapshot <snapshot>', 'what a snapshot has, by id or name')
    .addHelpText(
      'after',
      examples('object-store stat my-app-images cat.jpg', 'object-store stat my-app-images cat.jpg --json'),
    )
    .action(
      action(async ({ api }, bucket: string, key: string, { versionId, snapshot, sseCKeyFile }: StatOptions) => {
        const object = { ...checkedName({ bucket, key, versionId }), snapshot };
        const customerKey = await readCustomerKey(sseCKeyFile);
        const found = await withBucketRequests(api, bucket, (s3) => look(s3, object), { customerKey }).catch(
          async (error) => {
            if (!isHoldfastCode(error, 's3.NotFound')) throw error;
            throw await withBucket(api, bucket, (storage) => whatIsMissing(storage, object));
          },
        );
        return { data: { bucket, ...found }, text: describeObject(found) };
      }),
    );
}

async function look(s3: S3Client, { key, versionId, snapshot: at }: NamedObject): Promise<ObjectDescription> {
  const headers = { 'x-amz-checksum-mode': 'ENABLED', ...momentFields(at) };
  const head = await headObject(s3, { key, versionId, headers });
  const isTagged = head.headers['x-amz-tagging-count'] !== undefined;
  return { ...readDescription(key, head.headers), tags: isTagged ? await getTags(s3, key, { versionId, at }) : {} };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { AWS_CLI, type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

const TODAY = new Date(new Date().setUTCHours(0, 0, 0, 0));
let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench('plain', 'cli');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const put = (Bucket: string, Key: string, more: object = {}) =>
  bench.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', ...more }));
const setRules = (Bucket: string, ...Rules: LifecycleRule[]) =>
  bench.s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
const keys = async (Bucket: string) =>
  ((await bench.s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key);
const until = (what: string, probe: () => Promise<boolean>) => waitUntil(probe, { timeoutMs: 60_000, what });

test('objects that are due go, and no others', async () => {
  const before = Date.now();
  for (const key of ['tmp/a', 'tmp/b', 'kept']) await put('plain', key);
  await put('plain', 'tagged', { Tagging: 'keep=no' });
  const rules: LifecycleRule[] = [
    { ID: 'by prefix', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Date: TODAY } },
    { ID: 'by tag', Status: 'Enabled', Filter: { Tag: { Key: 'keep', Value: 'no' } }, Expiration: { Date: TODAY } },
    { ID: 'later', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 2 } },
  ];
  await setRules('plain', ...rules);
  const { Rules } = await bench.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'plain' }));
  expect(Rules).toEqual(rules);
  await until('what is due to go', async () => (await keys('plain')).length === 1);
  expect(await keys('plain')).toEqual(['kept']);
  const { Expiration } = await bench.s3.send(new HeadObjectCommand({ Bucket: 'plain', Key: 'kept' }));
  const [date = ''] = /(?<=expiry-date=")[^"]*/.exec(Expiration ?? '') ?? [];
  expect(Date.parse(date) % (24 * 3600_000)).toBe(0);
  expect(Date.parse(date)).toBeGreaterThan(before + 48 * 3600_000);
  expect(Expiration).toContain('rule-id="later"');

  await bench.s3.send(new DeleteBucketLifecycleCommand({ Bucket: 'plain' }));
  await expect(bench.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'plain' }))).rejects.toThrow(
    expect.objectContaining({ name: 'NoSuchLifecycleConfiguration' }),
  );
});

test('with versions and object lock, an object that is due is hidden and not lost', async () => {
  await bench.s3.send(new CreateBucketCommand({ Bucket: 'safe', ObjectLockEnabledForBucket: true }));
  const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(Date.now() + 3600_000) };
  const { VersionId } = await put('safe', 'a', lock);
  const all = { Status: 'Enabled', Filter: {}, Expiration: { Date: TODAY } } as const;
  await setRules('safe', { ...all, NoncurrentVersionExpiration: { NoncurrentDays: 1 } });
  await until('the object to be hidden', async () => (await keys('safe')).length === 0);
  const { Versions, DeleteMarkers } = await bench.s3.send(new ListObjectVersionsCommand({ Bucket: 'safe' }));
  expect(Versions).toEqual([expect.objectContaining({ Key: 'a', VersionId, IsLatest: false })]);
  expect(DeleteMarkers).toHaveLength(1);
});

describeClient(AWS_CLI, () => {
  test('sets rules and reads them back', async () => {
    const s3api = (...args: string[]) => bench.aws('s3api', ...args);
    const configuration = {
      Rules: [
        {
          ID: 'all',
          Filter: { And: { Prefix: 'a/', Tags: [{ Key: 'k', Value: 'v' }], ObjectSizeGreaterThan: 9 } },
          Status: 'Disabled',
          Expiration: { Days: 3 },
          NoncurrentVersionExpiration: { NoncurrentDays: 4, NewerNoncurrentVersions: 5 },
        },
        { ID: 'uploads', Filter: {}, Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 6 } },
      ],
    };
    const file = join(bench.home, 'rules.json');
    await writeFile(file, JSON.stringify(configuration));
    const bucket = ['--bucket', 'cli'];
    await s3api('put-bucket-lifecycle-configuration', ...bucket, '--lifecycle-configuration', `file://${file}`);
    expect(JSON.parse(await s3api('get-bucket-lifecycle-configuration', ...bucket))).toEqual(configuration);
  });
});

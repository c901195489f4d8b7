import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetBucketLoggingCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type LoggingEnabled,
  PutBucketLoggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { parseAccessLog } from '../../support/access-log.ts';
import { AWS_CLI, type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench('site', 'logs', 'sdk');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** By the key of the log object. */
async function logs(): Promise<ReadonlyMap<string, string>> {
  const { Contents = [] } = await bench.s3.send(new ListObjectsV2Command({ Bucket: 'logs' }));
  const texts = Contents.map(async ({ Key = '' }) => {
    const { Body } = await bench.s3.send(new GetObjectCommand({ Bucket: 'logs', Key }));
    return [Key, (await Body?.transformToString()) ?? ''] as const;
  });
  return new Map(await Promise.all(texts));
}

describeClient(AWS_CLI, () => {
  const aws = (...args: string[]) => bench.aws('s3api', ...args);

  test('turns logging on, and finds what it did in objects of the target', async () => {
    const status = { LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'site/' } };
    await aws('put-bucket-logging', '--bucket', 'site', '--bucket-logging-status', JSON.stringify(status));
    expect(JSON.parse(await aws('get-bucket-logging', '--bucket', 'site'))).toEqual(status);
    await writeFile(join(bench.home, 'page'), 'hello');
    await bench.aws('s3', 'cp', 'page', 's3://site/a page');
    await bench.aws('s3', 'cp', 's3://site/a page', 'copy');
    await bench.aws('s3', 'rm', 's3://site/a page');
    const url = (await bench.aws('s3', 'presign', 's3://site/gone')).trim();
    expect((await fetch(url)).status).toBe(404);
    await aws('put-bucket-logging', '--bucket', 'site', '--bucket-logging-status', '{}');
    expect(await aws('get-bucket-logging', '--bucket', 'site')).toBe('');

    const text = await waitUntil(
      async () => {
        const all = [...(await logs()).values()].join('');
        return all.includes('REST.PUT.LOGGING_STATUS') && all;
      },
      { timeoutMs: 60_000, what: 'the last line' },
    );
    const lines = parseAccessLog(text).sort((a, b) => a.time.localeCompare(b.time));
    const did = lines.map(({ operation, key, status, errorCode }) => `${operation} ${key} ${status} ${errorCode}`);
    for (const line of [
      'REST.GET.LOGGING_STATUS - 200 -',
      'REST.PUT.OBJECT a%2520page 200 -',
      'REST.GET.OBJECT a%2520page 200 -',
      'REST.DELETE.OBJECT a%2520page 204 -',
      'REST.GET.OBJECT gone 404 NoSuchKey',
      'REST.PUT.LOGGING_STATUS - 200 -',
    ]) {
      expect(did).toContain(line);
    }
    expect(lines.every(({ requester }) => requester === 'arn:aws:iam::000000000000:user/operator')).toBe(true);
    expect(lines.find(({ operation }) => operation === 'REST.PUT.OBJECT')).toMatchObject({
      bucket: 'site',
      objectSize: '5',
      userAgent: expect.stringContaining('aws-cli'),
    });
    const signature = new URL(url).searchParams.get('X-Amz-Signature') ?? new URL(url).searchParams.get('Signature');
    expect(signature?.length).toBeGreaterThan(20);
    expect(text).not.toContain(signature);
    for (const key of (await logs()).keys()) {
      expect(key).toMatch(/^site\/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}$/);
    }
  });

  test('is told why a target cannot be', async () => {
    const status = { LoggingEnabled: { TargetBucket: 'nowhere', TargetPrefix: '' } };
    const put = aws('put-bucket-logging', '--bucket', 'site', '--bucket-logging-status', JSON.stringify(status));
    await expect(put).rejects.toThrow(/InvalidTargetBucketForLogging/);
  });
});

test.each<[string, LoggingEnabled['TargetObjectKeyFormat']]>([
  ['simple prefix', { SimplePrefix: {} }],
  ['partitioned prefix', { PartitionedPrefix: { PartitionDateSource: 'DeliveryTime' } }],
])('the SDK sets a %s, and reads it back', async (_, TargetObjectKeyFormat) => {
  const LoggingEnabled = { TargetBucket: 'logs', TargetPrefix: 'sdk/', TargetObjectKeyFormat };
  await bench.s3.send(new PutBucketLoggingCommand({ Bucket: 'sdk', BucketLoggingStatus: { LoggingEnabled } }));
  const found = await bench.s3.send(new GetBucketLoggingCommand({ Bucket: 'sdk' }));
  expect(found.LoggingEnabled).toEqual(LoggingEnabled);
});

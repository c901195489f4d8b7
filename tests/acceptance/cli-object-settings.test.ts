import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { AWS_CLI, describeClient } from '../support/s3-client-program.ts';
import { TestPlatform } from '../support/test-platform.ts';

/** What `holdfast object-store` sets of a bucket and its objects, the aws cli reads, and the other way round. */

const BUCKET = 'contracts';
let platform: TestPlatform;
let key: Readonly<Record<string, string>>;

beforeAll(async () => {
  platform = await TestPlatform.start();
  await store('create', BUCKET, '--object-lock');
  const { accessKeyId, secretAccessKey } = await platform.json<Record<string, string>>([
    'object-store',
    'keys',
    BUCKET,
  ]);
  key = { AWS_ACCESS_KEY_ID: accessKeyId ?? '', AWS_SECRET_ACCESS_KEY: secretAccessKey ?? '' };
});
afterAll(() => platform?.[Symbol.asyncDispose]());

const store = (...args: string[]) => platform.run(['object-store', ...args]);
const json = (...args: string[]) => platform.json<Record<string, unknown>>(['object-store', ...args]);
const put = (name: string) => platform.run(['object-store', 'put', BUCKET, '-', name], { input: 'bytes' });

async function aws(...args: string[]): Promise<string> {
  const endpoint = `http://127.0.0.1:${platform.s3Port}`;
  const env = { ...key, PATH: '/usr/bin:/bin', HOME: platform.directory };
  const argv = [AWS_CLI.path, '--endpoint-url', endpoint, '--region', 'local', ...args];
  return (await exec(argv, { env, cwd: platform.directory })).stdout;
}

async function s3api(operation: string, ...args: string[]): Promise<Record<string, unknown>> {
  const answer = await aws('s3api', operation, '--bucket', BUCKET, ...args);
  return answer.trim() === '' ? {} : JSON.parse(answer);
}

describeClient(AWS_CLI, () => {
  test('tags and ACLs', async () => {
    await put('tagged');
    await store('tags', 'set', BUCKET, 'tagged', '--tag', 'a=1');
    await store('tags', 'set', BUCKET, '--tag', 'team=web');
    const TagSet = [{ Key: 'a', Value: '1' }];
    expect(await s3api('get-object-tagging', '--key', 'tagged')).toMatchObject({ TagSet });
    expect(await s3api('get-bucket-tagging')).toEqual({ TagSet: [{ Key: 'team', Value: 'web' }] });
    await s3api('put-object-tagging', '--key', 'tagged', '--tagging', 'TagSet=[{Key=b,Value=2}]');
    expect(await json('tags', 'get', BUCKET, 'tagged')).toMatchObject({ tags: { b: '2' } });

    await store('acl', 'set', BUCKET, 'authenticated-read', 'tagged');
    const Grants = expect.arrayContaining([expect.objectContaining({ Permission: 'READ' })]);
    expect(await s3api('get-object-acl', '--key', 'tagged')).toMatchObject({ Grants });
    await s3api('put-object-acl', '--key', 'tagged', '--acl', 'public-read');
    expect(await json('acl', 'get', BUCKET, 'tagged')).toMatchObject({ acl: 'public-read' });
  });

  test('who may open the bucket', async () => {
    await store('public-access-block', 'set', BUCKET, 'block-public-policy');
    expect(await s3api('get-public-access-block')).toEqual({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: false,
        IgnorePublicAcls: false,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: false,
      },
    });
    await s3api(
      'put-bucket-ownership-controls',
      '--ownership-controls',
      'Rules=[{ObjectOwnership=BucketOwnerPreferred}]',
    );
    expect(await json('ownership', BUCKET)).toMatchObject({ ownership: 'bucket-owner-preferred' });
  });

  test('objects under a key that the store does not keep, and what they are beside their bytes', async () => {
    await writeFile(join(platform.directory, 'key'), randomBytes(32), { mode: 0o600 });
    const large = randomBytes(9 * 1024 * 1024);
    await writeFile(join(platform.directory, 'large'), large);
    const ours = ['--sse-c-key-file', 'key'];
    const theirs = ['--sse-c', 'AES256', '--sse-c-key', 'fileb://key'];
    await store('put', BUCKET, 'large', 'ours', ...ours, '--metadata', 'of=me', '--content-disposition', 'inline');
    await aws('s3', 'cp', `s3://${BUCKET}/ours`, 'read-by-aws', ...theirs);
    expect(large.equals(await readFile(join(platform.directory, 'read-by-aws')))).toBe(true);
    await aws('s3', 'cp', 'large', `s3://${BUCKET}/theirs`, ...theirs, '--metadata', 'of=them');
    await store('get', BUCKET, 'theirs', 'read-by-us', ...ours);
    expect(large.equals(await readFile(join(platform.directory, 'read-by-us')))).toBe(true);
    expect(await json('stat', BUCKET, 'theirs', ...ours)).toMatchObject({
      encryption: 'SSE-C',
      metadata: { of: 'them' },
    });
  });

  test('object lock of a bucket that was made with it, retention and legal holds', async () => {
    expect(await s3api('get-bucket-versioning')).toEqual({ Status: 'Enabled' });
    await store('object-lock', 'set', BUCKET, '--mode', 'governance', '--days', '3');
    expect(await s3api('get-object-lock-configuration')).toEqual({
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } },
      },
    });
    await put('signed');
    expect(await s3api('head-object', '--key', 'signed')).toMatchObject({ ObjectLockMode: 'GOVERNANCE' });
    await store('retention', 'set', BUCKET, 'signed', '--mode', 'governance', '--until', '2999-01-31');
    const { Retention } = (await s3api('get-object-retention', '--key', 'signed')) as { Retention: object };
    expect(Retention).toMatchObject({ Mode: 'GOVERNANCE', RetainUntilDate: expect.stringMatching(/^2999-01-31/) });
    await s3api('put-object-legal-hold', '--key', 'signed', '--legal-hold', 'Status=ON');
    expect(await json('stat', BUCKET, 'signed')).toMatchObject({
      retention: { mode: 'governance', until: '2999-01-31T00:00:00.000Z' },
      legalHold: true,
    });
    await store('legal-hold', BUCKET, 'signed', 'off');
    expect(await s3api('get-object-legal-hold', '--key', 'signed')).toEqual({ LegalHold: { Status: 'OFF' } });
    await store('retention', 'unset', BUCKET, 'signed', '--bypass-governance');
    await store('destroy', BUCKET, '--now', '--yes');
  });
});

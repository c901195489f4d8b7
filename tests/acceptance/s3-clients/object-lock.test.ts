import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AWS_CLI, type ClientBench, describeClient, MiB, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'safe';
const TOMORROW = new Date(Date.now() + 24 * 3600_000);
const DENIED = expect.objectContaining({ name: 'AccessDenied' });
let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench();
  await bench.s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});
afterAll(() => bench?.[Symbol.asyncDispose]());

test('the SDK configures a bucket, which locks what is put from then on', async () => {
  const { s3 } = bench;
  await s3.send(new CreateBucketCommand({ Bucket: 'default', ObjectLockEnabledForBucket: true }));
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
  } as const;
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket: 'default', ObjectLockConfiguration }));
  expect(await s3.send(new GetObjectLockConfigurationCommand({ Bucket: 'default' }))).toMatchObject({
    ObjectLockConfiguration,
  });
  const suspended = { Bucket: 'default', VersioningConfiguration: { Status: 'Suspended' } } as const;
  await expect(s3.send(new PutBucketVersioningCommand(suspended))).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidBucketState' }),
  );
  for (const [Key, size] of [['small', 10] as const, ['large', 6 * MiB] as const]) {
    const object = { Bucket: 'default', Key };
    await new Upload({ client: s3, params: { ...object, Body: randomBytes(size) } }).done();
    const { VersionId, ...head } = await s3.send(new HeadObjectCommand(object));
    expect(head).toMatchObject({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: expect.any(Date) });
    const removal = { ...object, VersionId, BypassGovernanceRetention: true };
    await expect(s3.send(new DeleteObjectCommand(removal))).rejects.toThrow(DENIED);
  }
  await expect(bench.store.admin.destroyBucket({ name: 'default' })).rejects.toThrow(
    expect.objectContaining({ code: 'bucket.locked' }),
  );
});

test('the SDK locks a version, and an operator bypasses governance', async () => {
  const { s3 } = bench;
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: TOMORROW } as const;
  const object = { Bucket, Key: 'a' };
  const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'bytes', ...lock }));
  const { Retention } = await s3.send(new GetObjectRetentionCommand({ ...object, VersionId }));
  expect(Retention).toEqual({ Mode: 'GOVERNANCE', RetainUntilDate: TOMORROW });
  await expect(s3.send(new DeleteObjectCommand({ ...object, VersionId }))).rejects.toThrow(DENIED);
  const shorter = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 3600_000) } as const;
  const change = { ...object, VersionId, Retention: shorter };
  await expect(s3.send(new PutObjectRetentionCommand(change))).rejects.toThrow(DENIED);
  await s3.send(new PutObjectRetentionCommand({ ...change, BypassGovernanceRetention: true }));
  await s3.send(new DeleteObjectCommand(object));
  const removal = { Bucket, Delete: { Objects: [{ Key: 'a', VersionId }] } };
  const { Errors } = await s3.send(new DeleteObjectsCommand(removal));
  expect(Errors).toEqual([expect.objectContaining({ Key: 'a', VersionId, Code: 'AccessDenied' })]);
  const { Deleted } = await s3.send(new DeleteObjectsCommand({ ...removal, BypassGovernanceRetention: true }));
  expect(Deleted).toEqual([{ Key: 'a', VersionId }]);
});

test('the SDK holds a version', async () => {
  const { s3 } = bench;
  const object = { Bucket, Key: 'held' };
  const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'bytes' }));
  const hold = (Status: 'ON' | 'OFF') => s3.send(new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status } }));
  await hold('ON');
  expect((await s3.send(new GetObjectLegalHoldCommand(object))).LegalHold).toEqual({ Status: 'ON' });
  const removal = new DeleteObjectCommand({ ...object, VersionId, BypassGovernanceRetention: true });
  await expect(s3.send(removal)).rejects.toThrow(DENIED);
  await hold('OFF');
  await s3.send(removal);
});

describeClient(AWS_CLI, () => {
  test('locks and holds objects', async () => {
    const s3api = (...args: string[]) => bench.aws('s3api', ...args);
    const object = ['--bucket', Bucket, '--key', 'cli'];
    const { VersionId } = await bench.s3.send(new PutObjectCommand({ Bucket, Key: 'cli', Body: 'x' }));
    const retention = `Mode=GOVERNANCE,RetainUntilDate=${TOMORROW.toISOString()}`;
    await s3api('put-object-retention', ...object, '--retention', retention);
    expect(JSON.parse(await s3api('head-object', ...object))).toMatchObject({ ObjectLockMode: 'GOVERNANCE' });
    await s3api('put-object-legal-hold', ...object, '--legal-hold', 'Status=ON');
    const removal = ['delete-object', ...object, '--version-id', VersionId ?? '', '--bypass-governance-retention'];
    await expect(s3api(...removal)).rejects.toThrow(/AccessDenied/);
    await s3api('put-object-legal-hold', ...object, '--legal-hold', 'Status=OFF');
    await s3api(...removal);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CopyObjectCommand,
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AWS_CLI, type ClientBench, describeClient, MiB, startClientBench } from '../../support/s3-client-program.ts';

let bench: ClientBench;
const key = randomBytes(32);
const large = randomBytes(12 * MiB);

beforeAll(async () => {
  bench = await startClientBench('data');
  await writeFile(join(bench.home, 'large'), large);
  await writeFile(join(bench.home, 'key'), key);
  await writeFile(join(bench.home, 'other-key'), randomBytes(32));
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const at = (Key: string) => ({ Bucket: 'data', Key });
const failed = (httpStatusCode: number) =>
  expect.objectContaining({ $metadata: expect.objectContaining({ httpStatusCode }) });

describe('the AWS SDK for JavaScript v3', () => {
  const md5 = createHash('md5').update(key).digest('base64');
  const customer = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64'), SSECustomerKeyMD5: md5 };
  const source = {
    CopySourceSSECustomerAlgorithm: 'AES256',
    CopySourceSSECustomerKey: key.toString('base64'),
    CopySourceSSECustomerKeyMD5: md5,
  };

  async function read(input: ReturnType<typeof at> & { Range?: string }): Promise<Buffer> {
    const { Body } = await bench.s3.send(new GetObjectCommand(input));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  test("stores, reads, copies and uploads by parts under a customer's key", async () => {
    const put = await bench.s3.send(new PutObjectCommand({ ...at('small'), ...customer, Body: 'secret' }));
    expect(put).toMatchObject({ SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5 });
    expect((await read({ ...at('small'), ...customer })).toString()).toBe('secret');
    await expect(read(at('small'))).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
    await expect(bench.s3.send(new HeadObjectCommand(at('small')))).rejects.toThrow(failed(400));
    const other = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: randomBytes(32).toString('base64') };
    await expect(read({ ...at('small'), ...other })).rejects.toThrow(failed(403));

    await new Upload({ client: bench.s3, params: { ...at('large'), ...customer, Body: large } }).done();
    expect((await read({ ...at('large'), ...customer })).equals(large)).toBe(true);
    const range = { Range: `bytes=${5 * MiB - 3}-${5 * MiB + 2}` };
    expect(await read({ ...at('large'), ...customer, ...range })).toEqual(large.subarray(5 * MiB - 3, 5 * MiB + 3));

    const copy = new CopyObjectCommand({ ...at('free'), CopySource: 'data/large', ...source });
    expect(await bench.s3.send(copy)).toMatchObject({ ServerSideEncryption: 'AES256' });
    expect((await read(at('free'))).equals(large)).toBe(true);
  });

  test('is told of the encryption that every object and bucket has', async () => {
    const put = await bench.s3.send(
      new PutObjectCommand({ ...at('asked'), ServerSideEncryption: 'AES256', Body: 'x' }),
    );
    expect(put.ServerSideEncryption).toBe('AES256');
    await bench.s3.send(new PutObjectCommand({ ...at('unasked'), Body: 'x' }));
    const head = await bench.s3.send(new HeadObjectCommand(at('unasked')));
    expect(head.ServerSideEncryption).toBe('AES256');
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: false };
    const configuration = { Bucket: 'data', ServerSideEncryptionConfiguration: { Rules: [rule] } };
    await bench.s3.send(new PutBucketEncryptionCommand(configuration));
    const { ServerSideEncryptionConfiguration: found } = await bench.s3.send(
      new GetBucketEncryptionCommand({ Bucket: 'data' }),
    );
    expect(found).toEqual({ Rules: [rule] });
  });
});

describeClient(AWS_CLI, () => {
  const customer = ['--sse-c', 'AES256', '--sse-c-key', 'fileb://key'];

  test("copies large files up, inside and down under a customer's key", async () => {
    await bench.aws('s3', 'cp', 'large', 's3://data/cli', ...customer);
    await bench.aws('s3', 'cp', 's3://data/cli', 'down', ...customer);
    expect((await readFile(join(bench.home, 'down'))).equals(large)).toBe(true);
    await expect(bench.aws('s3', 'cp', 's3://data/cli', 'x')).rejects.toThrow(/400/);
    const other = ['--sse-c', 'AES256', '--sse-c-key', 'fileb://other-key'];
    await expect(bench.aws('s3', 'cp', 's3://data/cli', 'x', ...other)).rejects.toThrow(/403/);

    const source = ['--sse-c-copy-source', 'AES256', '--sse-c-copy-source-key', 'fileb://key'];
    await bench.aws('s3', 'cp', 's3://data/cli', 's3://data/rotated', ...source, ...other);
    await bench.aws('s3', 'cp', 's3://data/rotated', 'down', ...other);
    expect((await readFile(join(bench.home, 'down'))).equals(large)).toBe(true);
  });

  test('asks for the encryption of the store itself', async () => {
    await bench.aws('s3', 'cp', 'large', 's3://data/managed', '--sse', 'AES256');
    const head = await bench.s3.send(new HeadObjectCommand(at('managed')));
    expect(head).toMatchObject({ ServerSideEncryption: 'AES256', ContentLength: large.length });
    await expect(bench.aws('s3', 'cp', 'key', 's3://data/kms', '--sse', 'aws:kms')).rejects.toThrow(/NotImplemented/);
  });
});

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientBench, startClientBench } from '../../support/s3-client-program.ts';
import { sha256, signRequest } from '../../support/s3-signer.ts';

let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench('photos');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** The SDK as it is, with a header of ours in each request. */
function clientWith(headers: Readonly<Record<string, string>>): S3Client {
  const { endpoint } = bench.store;
  const client = new S3Client({ endpoint, region: 'local', credentials: bench.operator, forcePathStyle: true });
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: Record<string, string> }).headers, headers);
      return next(args);
    },
    { step: 'build' },
  );
  return client;
}

async function snapshot(name: string): Promise<void> {
  const query = [['snapshots', '']] as const;
  const { host } = new URL(bench.store.endpoint);
  const signed = { host, 'x-holdfast-snapshot-name': name };
  const headers = signRequest(bench.operator, {
    method: 'POST',
    path: '/photos',
    query,
    headers: signed,
    payload: sha256(''),
  });
  const response = await fetch(`${bench.store.endpoint}/photos?snapshots=`, { method: 'POST', headers });
  expect(response.status).toBe(200);
}

test('the AWS SDK reads, lists and restores what a snapshot has, and works in a fork', async () => {
  const Bucket = 'photos';
  const { s3 } = bench;
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'before' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'gone' }));
  await snapshot('monday');
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'after' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));

  const read = async (client: S3Client, bucket: string, Key: string) =>
    (await client.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();
  const keys = async (client: S3Client, bucket: string) =>
    ((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key);

  const monday = clientWith({ 'x-holdfast-snapshot': 'monday' });
  expect(await read(monday, Bucket, 'a')).toBe('before');
  expect(await keys(monday, Bucket)).toEqual(['a', 'gone']);
  expect(await keys(s3, Bucket)).toEqual(['a']);
  await expect(monday.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidRequest' }),
  );

  const forking = clientWith({ 'x-holdfast-fork-of': Bucket, 'x-holdfast-snapshot': 'monday' });
  await forking.send(new CreateBucketCommand({ Bucket: 'trial' }));
  await s3.send(new PutObjectCommand({ Bucket: 'trial', Key: 'a', Body: 'tried' }));
  expect([await read(s3, 'trial', 'a'), await read(s3, 'trial', 'gone')]).toEqual(['tried', 'gone']);
  expect(await read(s3, Bucket, 'a')).toBe('after');

  await monday.send(new CopyObjectCommand({ Bucket, Key: 'gone', CopySource: 'photos/gone' }));
  expect(await keys(s3, Bucket)).toEqual(['a', 'gone']);
  for (const client of [monday, forking]) client.destroy();
});

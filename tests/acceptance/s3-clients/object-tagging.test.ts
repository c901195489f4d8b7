import { randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AWS_CLI, type ClientBench, describeClient, MiB, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'photos';
let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench(Bucket);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const tagsOf = async (Key: string) => (await bench.s3.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;

test('the SDK tags objects', async () => {
  const object = { Bucket, Key: 'a' };
  const { ETag } = await bench.s3.send(new PutObjectCommand({ ...object, Body: 'bytes', Tagging: 'team=w%C3%A4b' }));
  expect(await tagsOf('a')).toEqual([{ Key: 'team', Value: 'wäb' }]);
  const TagSet = Array.from({ length: 10 }, (_, i) => ({ Key: `k${i}`, Value: `v ${i}` }));
  await bench.s3.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }));
  expect(await tagsOf('a')).toEqual(TagSet);
  const got = await bench.s3.send(new GetObjectCommand(object));
  expect([got.ETag, got.TagCount, await got.Body?.transformToString()]).toEqual([ETag, 10, 'bytes']);
  await bench.s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
  expect(await tagsOf('b')).toEqual(TagSet);
  const more = { TagSet: [...TagSet, { Key: 'k10', Value: '' }] };
  await expect(bench.s3.send(new PutObjectTaggingCommand({ ...object, Tagging: more }))).rejects.toThrow(
    expect.objectContaining({ name: 'BadRequest' }),
  );
  await bench.s3.send(new DeleteObjectTaggingCommand(object));
  expect(await tagsOf('a')).toEqual([]);
  const params = { Bucket, Key: 'large', Body: randomBytes(6 * MiB), Tagging: 'a=1&b=2' };
  await new Upload({ client: bench.s3, params }).done();
  expect(await tagsOf('large')).toHaveLength(2);
});

test('the SDK opens an object to everyone, and closes it', async () => {
  const object = { Bucket, Key: 'shown' };
  await bench.s3.send(new PutObjectCommand({ ...object, Body: 'bytes' }));
  const anyone = async () => (await fetch(`${bench.store.endpoint}/${Bucket}/shown`)).status;
  expect(await anyone()).toBe(403);
  await bench.s3.send(new PutObjectAclCommand({ ...object, ACL: 'public-read' }));
  expect(await anyone()).toBe(200);
  await bench.s3.send(new PutObjectAclCommand({ ...object, ACL: 'private' }));
  expect(await anyone()).toBe(403);
});

describeClient(AWS_CLI, () => {
  test('tags objects, and takes tags along when it copies by parts', async () => {
    await bench.s3.send(new PutObjectCommand({ Bucket, Key: 'cli', Body: randomBytes(9 * MiB) }));
    const object = ['--bucket', Bucket, '--key', 'cli'];
    await bench.aws(
      's3api',
      'put-object-tagging',
      ...object,
      '--tagging',
      'TagSet=[{Key=a,Value=1},{Key=b,Value=2 3}]',
    );
    const { TagSet } = JSON.parse(await bench.aws('s3api', 'get-object-tagging', ...object));
    expect(TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2 3' },
    ]);
    await bench.aws('s3', 'cp', `s3://${Bucket}/cli`, `s3://${Bucket}/copied`);
    expect(await tagsOf('copied')).toEqual(TagSet);
    await bench.aws('s3api', 'delete-object-tagging', ...object);
    expect(await tagsOf('cli')).toEqual([]);
  });
});

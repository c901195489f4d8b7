import { randomBytes } from 'node:crypto';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  paginateListBuckets,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientBench, MiB, startClientBench } from '../../support/s3-client-program.ts';

describe('the AWS SDK for JavaScript v3', () => {
  let bench: ClientBench;

  beforeAll(async () => {
    bench = await startClientBench('a-1', 'a-2', 'a-3', 'b-1');
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('lists buckets by pages and by prefix', async () => {
    const pages: (string | undefined)[][] = [];
    for await (const { Buckets } of paginateListBuckets({ client: bench.s3, pageSize: 2 }, {})) {
      pages.push((Buckets ?? []).map(({ Name }) => Name));
    }
    expect(pages).toEqual([
      ['a-1', 'a-2'],
      ['a-3', 'b-1'],
    ]);
    const list = (input: object) => bench.s3.send(new ListBucketsCommand(input));
    expect((await list({ Prefix: 'b' })).Buckets).toMatchObject([{ Name: 'b-1', BucketRegion: 'local' }]);
    expect((await list({})).Buckets?.map(({ BucketRegion }) => BucketRegion ?? 'unsaid')).toEqual(
      Array(4).fill('unsaid'),
    );
    expect((await list({ BucketRegion: 'elsewhere' })).Buckets ?? []).toEqual([]);
    await expect(list({ MaxBuckets: 0 })).rejects.toThrow(expect.objectContaining({ name: 'InvalidArgument' }));
  });

  test('reads an object part by part', async () => {
    const bytes = randomBytes(11 * MiB);
    const object = { Bucket: 'a-1', Key: 'parts' };
    await new Upload({ client: bench.s3, params: { ...object, Body: bytes } }).done();
    const { PartsCount } = await bench.s3.send(new HeadObjectCommand({ ...object, PartNumber: 1 }));
    const parts: Uint8Array[] = [];
    for (let PartNumber = 1; PartNumber <= (PartsCount ?? 0); PartNumber++) {
      const part = await bench.s3.send(new GetObjectCommand({ ...object, PartNumber }));
      parts.push((await part.Body?.transformToByteArray()) ?? new Uint8Array());
    }
    expect(parts.map(({ length }) => length)).toEqual([5 * MiB, 5 * MiB, MiB]);
    expect(bytes.equals(Buffer.concat(parts))).toBe(true);
    const beyond = bench.s3.send(new GetObjectCommand({ ...object, PartNumber: 4 }));
    await expect(beyond).rejects.toThrow(
      expect.objectContaining({ $metadata: expect.objectContaining({ httpStatusCode: 416 }) }),
    );
    const both = bench.s3.send(new GetObjectCommand({ ...object, PartNumber: 1, Range: 'bytes=0-1' }));
    await expect(both).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
  });

  test('reads an object that was put at once as its only part', async () => {
    const object = { Bucket: 'a-1', Key: 'whole' };
    await bench.s3.send(new PutObjectCommand({ ...object, Body: 'whole' }));
    const { ContentRange, ContentLength, PartsCount } = await bench.s3.send(
      new HeadObjectCommand({ ...object, PartNumber: 1 }),
    );
    expect([ContentRange, ContentLength, PartsCount]).toEqual(['bytes 0-4/5', 5, undefined]);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  ObjectAttributes as ObjectAttributesOf,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHasher } from '../../../src/objects/s3/checksums/checksums.ts';
import { type ClientBench, MiB, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'sums';
const FIRST = randomBytes(5 * MiB);
const SECOND = randomBytes(MiB);
const WHOLE = Buffer.concat([FIRST, SECOND]);

type Algorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

/** Younger ones: the SDK sends what it is given, and does not compute them. */
const YOUNGER = { ChecksumMD5: 'md5', ChecksumSHA512: 'sha512' };

function sum(algorithm: Algorithm, bytes: Uint8Array): Buffer {
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.digest();
}

describe('checksums of uploads by parts', () => {
  let bench: ClientBench;

  beforeAll(async () => {
    bench = await startClientBench(Bucket);
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  const refused = (name: string) => expect.objectContaining({ name });

  /** The first part by the client, which sums it up; the second copied, which only the store can sum up. */
  async function upload(Key: string, algorithm: Algorithm, type?: ChecksumType) {
    const { s3 } = bench;
    const created = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: algorithm, ChecksumType: type }),
    );
    const part = { Bucket, Key, UploadId: created.UploadId };
    const one = await s3.send(
      new UploadPartCommand({ ...part, PartNumber: 1, Body: FIRST, ChecksumAlgorithm: algorithm }),
    );
    await s3.send(new PutObjectCommand({ Bucket, Key: 'second', Body: SECOND }));
    const two = await s3.send(new UploadPartCopyCommand({ ...part, PartNumber: 2, CopySource: `${Bucket}/second` }));
    const Parts = [
      { PartNumber: 1, ...one },
      { PartNumber: 2, ...two.CopyPartResult },
    ];
    const complete = (more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
      s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts }, ...more }));
    return { created, part, Parts, complete };
  }

  test.each<[Algorithm, ChecksumType]>([
    ['CRC32', 'COMPOSITE'],
    ['SHA1', 'COMPOSITE'],
    ['SHA256', 'COMPOSITE'],
    ['CRC32', 'FULL_OBJECT'],
    ['CRC32C', 'FULL_OBJECT'],
    ['CRC64NVME', 'FULL_OBJECT'],
  ])('%s, %s', async (algorithm, type) => {
    const Key = `${algorithm}-${type}`;
    const member = `Checksum${algorithm}` as const;
    const values = [FIRST, SECOND].map((bytes) => sum(algorithm, bytes).toString('base64'));
    const composite = sum(algorithm, Buffer.concat([sum(algorithm, FIRST), sum(algorithm, SECOND)]));
    const expected =
      type === 'COMPOSITE' ? `${composite.toString('base64')}-2` : sum(algorithm, WHOLE).toString('base64');

    const { created, part, Parts, complete } = await upload(Key, algorithm, type);
    expect(created).toMatchObject({ ChecksumAlgorithm: algorithm, ChecksumType: type });
    const listed = await bench.s3.send(new ListPartsCommand(part));
    expect(listed).toMatchObject({ ChecksumAlgorithm: algorithm, ChecksumType: type });
    expect(listed.Parts?.map((one) => one[member])).toEqual(values);
    const { Uploads } = await bench.s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }));
    expect(Uploads).toMatchObject([{ ChecksumAlgorithm: algorithm, ChecksumType: type }]);

    const wrong = Parts.map((one) => ({ ...one, [member]: values[0] }));
    await expect(complete({ MultipartUpload: { Parts: wrong } })).rejects.toThrow(refused('InvalidPart'));
    const lie = sum(algorithm, Buffer.from('other')).toString('base64');
    await expect(complete({ [member]: lie, ChecksumType: type })).rejects.toThrow(refused('BadDigest'));
    const done = await complete({ [member]: expected, ChecksumType: type });
    expect(done).toMatchObject({ [member]: expected, ChecksumType: type });

    const head = await bench.s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ [member]: expected, ChecksumType: type });
    const read = await bench.s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(read[member]).toBe(expected);
    expect(WHOLE.equals((await read.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true);
    const second = await bench.s3.send(new GetObjectCommand({ Bucket, Key, PartNumber: 2 }));
    expect(second[member]).toBe(values[1]);
    expect(SECOND.equals((await second.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true);
    const { Contents } = await bench.s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(Contents).toMatchObject([{ Key, ChecksumAlgorithm: [algorithm], ChecksumType: type }]);
    const { Versions } = await bench.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    expect(Versions).toMatchObject([{ Key, ChecksumAlgorithm: [algorithm], ChecksumType: type }]);
  });

  test('the attributes of an object tell its checksum and its parts, by pages', async () => {
    const Key = 'attributes';
    const { Parts, complete } = await upload(Key, 'CRC32C', 'FULL_OBJECT');
    const { ETag, ChecksumCRC32C } = await complete();
    const ObjectAttributes = Object.values(ObjectAttributesOf);
    const read = (more: object) =>
      bench.s3.send(new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes, ...more }));
    const all = await read({});
    expect(all).toMatchObject({
      ETag: ETag?.replaceAll('"', ''),
      Checksum: { ChecksumCRC32C, ChecksumType: 'FULL_OBJECT' },
      StorageClass: 'STANDARD',
      ObjectSize: WHOLE.length,
      ObjectParts: {
        TotalPartsCount: 2,
        IsTruncated: false,
        Parts: [FIRST, SECOND].map(({ length }, i) => ({
          PartNumber: i + 1,
          Size: length,
          ChecksumCRC32C: Parts[i]?.ChecksumCRC32C,
        })),
      },
    });
    expect(all.LastModified).toBeInstanceOf(Date);
    const { ObjectParts: first } = await read({ MaxParts: 1 });
    expect(first).toMatchObject({ NextPartNumberMarker: '1', IsTruncated: true, Parts: [{ PartNumber: 1 }] });
    const { ObjectParts: last } = await read({ MaxParts: 1, PartNumberMarker: '1' });
    expect(last).toMatchObject({ PartNumberMarker: '1', IsTruncated: false, Parts: [{ PartNumber: 2 }] });
    const some = await read({ Key: 'second', ObjectAttributes: ['ObjectParts', 'ObjectSize'] });
    expect([some.ObjectParts, some.ETag, some.ObjectSize]).toEqual([undefined, undefined, SECOND.length]);
    await expect(read({ ObjectAttributes: ['Owner'] })).rejects.toThrow(refused('InvalidArgument'));
    await expect(read({ Key: 'absent' })).rejects.toThrow(refused('NoSuchKey'));
  });

  test('a type the algorithm does not have is refused, and another algorithm in a part', async () => {
    await expect(upload('x', 'SHA256', 'FULL_OBJECT')).rejects.toThrow(refused('InvalidRequest'));
    await expect(upload('x', 'CRC64NVME', 'COMPOSITE')).rejects.toThrow(refused('InvalidRequest'));
    const { part } = await upload('x', 'SHA256');
    const other = { ...part, PartNumber: 3, Body: 'x', ChecksumAlgorithm: 'CRC32' as ChecksumAlgorithm };
    await expect(bench.s3.send(new UploadPartCommand(other))).rejects.toThrow(refused('InvalidRequest'));
  });

  test.each(Object.entries(YOUNGER))('%s is verified and kept too', async (member, algorithm) => {
    const value = createHash(algorithm).update('x').digest('base64');
    const put = (Body: string) => bench.s3.send(new PutObjectCommand({ Bucket, Key: member, Body, [member]: value }));
    await expect(put('y')).rejects.toThrow(refused('BadDigest'));
    expect(await put('x')).toMatchObject({ [member]: value, ChecksumType: 'FULL_OBJECT' });
    const head = await bench.s3.send(new HeadObjectCommand({ Bucket, Key: member, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ [member]: value });
  });

  test('one that the store cannot compute is refused', async () => {
    const put = new PutObjectCommand({ Bucket, Key: 'xx', Body: 'x', ChecksumXXHASH64: 'AAAAAAAAAAA=' });
    await expect(bench.s3.send(put)).rejects.toThrow(refused('NotImplemented'));
  });

  test('what the SDK does by default is kept', async () => {
    const Key = 'by default';
    await new Upload({ client: bench.s3, params: { Bucket, Key, Body: WHOLE } }).done();
    const head = await bench.s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumCRC32).toMatch(/^[\w+/]{6}==-2$/);
    const plain = await bench.s3.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }));
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(crc32('x'));
    expect(plain).toMatchObject({ ChecksumCRC32: crc.toString('base64'), ChecksumType: 'FULL_OBJECT' });
  });

  test('a copy keeps its source’s checksum, or gets the one that is asked for', async () => {
    const { complete } = await upload('source', 'CRC32');
    const { ChecksumCRC32 } = await complete();
    const copy = (Key: string, more: object) =>
      bench.s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source`, ...more }));
    const kept = await copy('kept', { MetadataDirective: 'REPLACE' });
    expect(kept.CopyObjectResult).toMatchObject({ ChecksumCRC32, ChecksumType: 'COMPOSITE' });
    const ChecksumSHA256 = createHash('sha256').update(WHOLE).digest('base64');
    const made = await copy('made', { ChecksumAlgorithm: 'SHA256' });
    expect(made.CopyObjectResult).toMatchObject({ ChecksumSHA256, ChecksumType: 'FULL_OBJECT' });
    const head = await bench.s3.send(new HeadObjectCommand({ Bucket, Key: 'made', ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ChecksumSHA256, ChecksumType: 'FULL_OBJECT' });
    expect(head.ChecksumCRC32).toBeUndefined();
  });
});

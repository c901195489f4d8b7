import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientBench, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'conditions';
const failure = (name: string, httpStatusCode: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode }) });
const refused = failure('PreconditionFailed', 412);
const missing = failure('NoSuchKey', 404);

let bench: ClientBench;

beforeAll(async () => {
  bench = await startClientBench(Bucket);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const put = (Key: string, more: object = {}) =>
  bench.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...more }));

describe('conditions', () => {
  test('of a removal', async () => {
    const { ETag } = await put('gone');
    const { LastModified } = await bench.s3.send(new HeadObjectCommand({ Bucket, Key: 'gone' }));
    const remove = (more: object) => bench.s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone', ...more }));
    await expect(remove({ IfMatch: '"00"' })).rejects.toThrow(refused);
    await expect(remove({ IfMatchSize: 4 })).rejects.toThrow(refused);
    await expect(remove({ IfMatchLastModifiedTime: new Date(0) })).rejects.toThrow(refused);
    await remove({ IfMatch: ETag, IfMatchSize: 5, IfMatchLastModifiedTime: LastModified });
    await expect(remove({ IfMatch: '*' })).rejects.toThrow(missing);
    await remove({ IfMatchSize: 5 });
  });

  test('of removals together, each on its own', async () => {
    const { ETag } = await put('a');
    await put('b');
    await put('c');
    const Objects = [
      { Key: 'a', ETag, Size: 5 },
      { Key: 'b', Size: 6 },
      { Key: 'c', LastModifiedTime: new Date(0) },
      { Key: 'd', ETag: '*' },
    ];
    const { Deleted, Errors } = await bench.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['a']);
    expect(Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([
      ['b', 'PreconditionFailed'],
      ['c', 'PreconditionFailed'],
      ['d', 'NoSuchKey'],
    ]);
  });

  test('of a write, a copy and an upload by parts', async () => {
    await expect(put('new', { IfMatch: '"00"' })).rejects.toThrow(missing);
    const { ETag } = await put('there');
    const copy = (Key: string, more: object) =>
      bench.s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/there`, ...more }));
    await expect(copy('new', { IfMatch: ETag })).rejects.toThrow(missing);
    await expect(copy('new', { CopySourceIfMatch: '"00"' })).rejects.toThrow(refused);
    await expect(copy('new', { CopySourceIfNoneMatch: ETag })).rejects.toThrow(refused);
    await copy('new', { CopySourceIfMatch: ETag, IfNoneMatch: '*' });
    await expect(copy('new', { IfNoneMatch: '*' })).rejects.toThrow(refused);

    const object = { Bucket, Key: 'by parts' };
    const { UploadId } = await bench.s3.send(new CreateMultipartUploadCommand(object));
    const part = await bench.s3.send(new UploadPartCommand({ ...object, UploadId, PartNumber: 1, Body: 'x' }));
    const Parts = [{ PartNumber: 1, ETag: part.ETag }];
    const complete = (more: object) =>
      bench.s3.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload: { Parts }, ...more }));
    await expect(complete({ IfMatch: ETag })).rejects.toThrow(missing);
    await put('by parts');
    await expect(complete({ IfNoneMatch: '*' })).rejects.toThrow(refused);
    await complete({ IfMatch: ETag });
  });
});

describe('reads', () => {
  test('of a part that is not there', async () => {
    await put('whole');
    const beyond = bench.s3.send(new GetObjectCommand({ Bucket, Key: 'whole', PartNumber: 2 }));
    await expect(beyond).rejects.toThrow(failure('InvalidPartNumber', 416));
  });

  test('may ask for what a listing leaves out', async () => {
    await put('listed');
    const list = (OptionalObjectAttributes: string[]) =>
      bench.s3.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: 'listed',
          OptionalObjectAttributes: OptionalObjectAttributes as [],
        }),
      );
    expect((await list(['RestoreStatus'])).Contents?.[0]?.RestoreStatus).toBeUndefined();
    await expect(list(['Owner'])).rejects.toThrow(failure('InvalidArgument', 400));
  });

  test('uploads and parts come in pages that fit together', async () => {
    const keys = ['p/a', 'p/b/1', 'p/b/2', 'p/c', 'p/ä ü'];
    const uploads = [];
    for (const Key of [...keys, 'p/c']) {
      uploads.push(await bench.s3.send(new CreateMultipartUploadCommand({ Bucket, Key })));
    }
    const found: (string | undefined)[] = [];
    let markers: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> = {};
    for (let truncated = true; truncated; ) {
      const page: ListMultipartUploadsCommandOutput = await bench.s3.send(
        new ListMultipartUploadsCommand({
          Bucket,
          Prefix: 'p/',
          Delimiter: '/',
          MaxUploads: 1,
          EncodingType: 'url',
          KeyMarker: decodeURIComponent(markers.NextKeyMarker ?? ''),
          UploadIdMarker: markers.NextUploadIdMarker,
        }),
      );
      found.push(
        ...(page.Uploads ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map((one) => one.Prefix),
      );
      markers = page;
      truncated = page.IsTruncated ?? false;
    }
    expect(found).toEqual(['p/a', 'p/b/', 'p/c', 'p/c', 'p/%C3%A4%20%C3%BC']);

    const upload = { Bucket, Key: 'p/a', UploadId: uploads[0]?.UploadId };
    for (const PartNumber of [1, 3, 7]) {
      await bench.s3.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'x' }));
    }
    const numbers: (number | undefined)[] = [];
    let PartNumberMarker: string | undefined;
    for (let truncated = true; truncated; ) {
      const page: ListPartsCommandOutput = await bench.s3.send(
        new ListPartsCommand({ ...upload, MaxParts: 2, PartNumberMarker }),
      );
      numbers.push(...(page.Parts ?? []).map(({ PartNumber }) => PartNumber));
      PartNumberMarker = page.NextPartNumberMarker;
      truncated = page.IsTruncated ?? false;
    }
    expect(numbers).toEqual([1, 3, 7]);
  });
});

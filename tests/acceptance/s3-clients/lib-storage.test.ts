import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import {
  ChecksumAlgorithm,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { type ClientBench, MiB, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'uploads';

describe('Upload of @aws-sdk/lib-storage, with the default checksums of the SDK', () => {
  let bench: ClientBench;
  const bytesOf = async (Key: string) => {
    const { Body } = await bench.s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  };

  beforeAll(async () => {
    bench = await startClientBench(Bucket);
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test.each([
    ['an empty stream', 0],
    ['less than a part', 100],
    ['one part to the byte', 5 * MiB],
    ['three parts and a bit', 15 * MiB + 1],
  ])('streams %s of unknown length', async (_what, size) => {
    const bytes = randomBytes(size);
    const chunks = Array.from({ length: Math.ceil(size / 1_000_000) }, (_, i) =>
      bytes.subarray(i * 1_000_000, (i + 1) * 1_000_000),
    );
    const Key = `stream-${size}`;
    let loaded = 0;
    const upload = new Upload({ client: bench.s3, params: { Bucket, Key, Body: Readable.from(chunks) } });
    upload.on('httpUploadProgress', (progress) => {
      loaded = progress.loaded ?? 0;
    });
    await upload.done();
    expect(loaded).toBe(size);
    expect(bytes.equals(await bytesOf(Key))).toBe(true);
  });

  test('takes web streams and buffers', async () => {
    const bytes = randomBytes(6 * MiB);
    const stream = ReadableStream.from([bytes.subarray(0, MiB), bytes.subarray(MiB)]);
    await new Upload({ client: bench.s3, params: { Bucket, Key: 'web', Body: stream as never } }).done();
    await new Upload({ client: bench.s3, params: { Bucket, Key: 'buffer', Body: bytes } }).done();
    expect([bytes.equals(await bytesOf('web')), bytes.equals(await bytesOf('buffer'))]).toEqual([true, true]);
  });

  test.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/.test(name)))(
    'by parts with %s',
    async (algorithm) => {
      const bytes = randomBytes(5 * MiB + 10);
      const params = { Bucket, Key: algorithm, Body: bytes, ChecksumAlgorithm: algorithm };
      await new Upload({ client: bench.s3, params }).done();
      expect(bytes.equals(await bytesOf(algorithm))).toBe(true);
    },
  );

  test('leaves nothing behind when it is aborted', async () => {
    async function* endless() {
      for (;;) yield randomBytes(MiB);
    }
    const Body = Readable.from(endless());
    const upload = new Upload({ client: bench.s3, params: { Bucket, Key: 'aborted', Body } });
    upload.on('httpUploadProgress', () => void upload.abort());
    await expect(upload.done()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    Body.destroy();
    // It says that it was aborted before it has said so to the store.
    await waitUntil(
      async () => ((await bench.s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).length === 0,
      { timeoutMs: 60_000, what: 'the upload to be aborted' },
    );
    await expect(bench.s3.send(new HeadObjectCommand({ Bucket, Key: 'aborted' }))).rejects.toThrow();
  });
});

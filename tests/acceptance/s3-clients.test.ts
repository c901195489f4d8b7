import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTorrentCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListPartsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import type { AccessKey, ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const MB = 1024 * 1024;
const AWS_CLI = '/usr/bin/aws';

let store: TestObjectStore;
let admin: ObjectAdmin;
let endpoint: string;
let operator: AccessKey;

beforeAll(async () => {
  store = await startObjectStore();
  ({ admin, endpoint } = store);
  operator = await admin.ensureKey({ owner: 'operator', buckets: '*' });
});

afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
});

function client(credentials: AccessKey, region = 'eu-central-1'): S3Client {
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 });
}

describe('the AWS SDK for JavaScript v3', () => {
  const Bucket = 'sdk-bucket';
  let s3: S3Client;

  beforeAll(async () => {
    s3 = client(operator);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(() => s3.destroy());

  test('sees the bucket', async () => {
    expect((await s3.send(new ListBucketsCommand())).Buckets?.map(({ Name }) => Name)).toContain(Bucket);
    expect((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('local');
    expect((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe('local');
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    await expect(s3.send(new CreateBucketCommand({ Bucket }))).rejects.toThrow(
      expect.objectContaining({ name: 'BucketAlreadyOwnedByYou' }),
    );
  });

  test.each(['a b', 'ü/ñ-日本/🙂', "it's (1) * !~", 'a+b%2Bc=d&e?f#g', 'x/../y/./z', 'double//slash', 'trailing/'])(
    'keeps the key %j as it is',
    async (Key) => {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
      expect(await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()).toBe('x');
      const listed = await s3.send(new ListObjectsCommand({ Bucket, Prefix: Key }));
      expect(listed.Contents?.map((object) => object.Key)).toContain(Key);
      await s3.send(
        new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: encodeURIComponent(`${Bucket}/${Key}`) }),
      );
      await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }, { Key: 'copied' }] } }));
      await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toThrow(
        expect.objectContaining({ name: 'NotFound' }),
      );
    },
  );

  test('gives back headers, metadata and ranges', async () => {
    const Key = 'notes.txt';
    const written = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: '0123456789',
        ContentType: 'text/plain; charset=utf-8',
        CacheControl: 'max-age=60',
        ContentEncoding: 'identity',
        Metadata: { colour: 'green' },
      }),
    );
    expect(written.ETag).toBe(`"${createHash('md5').update('0123456789').digest('hex')}"`);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=60',
      ContentEncoding: 'identity',
      Metadata: { colour: 'green' },
      ContentLength: 10,
    });
    const part = await s3.send(new GetObjectCommand({ Bucket, Key, Range: 'bytes=-3' }));
    expect(part.ContentRange).toBe('bytes 7-9/10');
    expect(await part.Body?.transformToString()).toBe('789');
    const overridden = await s3.send(new GetObjectCommand({ Bucket, Key, ResponseContentType: 'image/png' }));
    expect(overridden.ContentType).toBe('image/png');
    await overridden.Body?.transformToString();
  });

  test.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC32|CRC32C|CRC64NVME|SHA1|SHA256)$/.test(name)))(
    'verifies and returns %s',
    async (algorithm) => {
      const Key = `checksum-${algorithm}`;
      const member = `Checksum${algorithm}` as const;
      const put = await s3.send(
        new PutObjectCommand({ Bucket, Key, Body: 'checked', ChecksumAlgorithm: algorithm as ChecksumAlgorithm }),
      );
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      const answer = { put, head } as unknown as Record<'put' | 'head', Record<string, string>>;
      expect(answer.put[member]).toBeTruthy();
      expect(answer.head[member]).toBe(answer.put[member]);
      const wrong = new PutObjectCommand({ Bucket, Key: 'wrong', Body: 'x', [member]: answer.put[member] });
      await expect(s3.send(wrong)).rejects.toThrow(expect.objectContaining({ name: 'BadDigest' }));
      await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'wrong' }))).rejects.toThrow();
    },
  );

  test.each([1000, 3 * MB])('streams %i bytes with a trailing checksum, which is kept', async (size) => {
    const body = randomBytes(size);
    const stream = Readable.from([body.subarray(0, 100), body.subarray(100, MB), body.subarray(MB)]);
    const put = new PutObjectCommand({ Bucket, Key: 'stream', Body: stream, ContentLength: size });
    const { ChecksumCRC32 } = await s3.send(put);
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'stream' }));
    expect(ChecksumCRC32).toBeTruthy();
    expect(read.ChecksumCRC32).toBe(ChecksumCRC32);
    expect(body.equals((await read.Body?.transformToByteArray()) ?? new Uint8Array())).toBe(true);
  });

  test('decides conditional writes', async () => {
    const put = (conditions: object) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body: 'x', ...conditions }));
    const failed = expect.objectContaining({ name: 'PreconditionFailed' });
    const { ETag } = await put({ IfNoneMatch: '*' });
    await expect(put({ IfNoneMatch: '*' })).rejects.toThrow(failed);
    await expect(put({ IfMatch: '"00"' })).rejects.toThrow(failed);
    await put({ IfMatch: ETag });
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: 'once', IfNoneMatch: ETag }))).rejects.toThrow(
      expect.objectContaining({ $metadata: expect.objectContaining({ httpStatusCode: 304 }) }),
    );
  });

  test('pages and groups listings', async () => {
    const keys = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d/1', 'l/é'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const all: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: 'l/' })) {
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      all.push(...(page.Contents ?? []).map(({ Key }) => Key));
    }
    expect(all).toEqual(keys);
    const found: (string | undefined)[] = [];
    const grouped = { Bucket, Prefix: 'l/', Delimiter: '/' };
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 1 }, grouped)) {
      found.push(...(page.Contents ?? []).map(({ Key }) => Key));
      found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
    }
    expect(found).toEqual(['l/a', 'l/b/', 'l/c', 'l/d/', 'l/é']);
  });

  test('uploads by parts, copies parts, lists and aborts', async () => {
    const Key = 'parts.bin';
    const first = randomBytes(5 * MB);
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'image/jpeg', ChecksumAlgorithm: 'CRC32' }),
    );
    const one = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: first }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'Xtail' }));
    const copy = { Bucket, Key, UploadId, PartNumber: 2, CopySource: `${Bucket}/source`, CopySourceRange: 'bytes=1-4' };
    const two = await s3.send(new UploadPartCopyCommand(copy));
    expect((await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.map(({ Size }) => Size)).toEqual([
      first.length,
      4,
    ]);
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads?.[0]).toMatchObject({ Key, UploadId });
    const done = await s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: {
          Parts: [
            { PartNumber: 1, ETag: one.ETag },
            { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
          ],
        },
      }),
    );
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const read = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(read.ContentType).toBe('image/jpeg');
    const bytes = Buffer.from((await read.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat([first, Buffer.from('tail')]))).toBe(true);
    await expect(s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).rejects.toThrow(
      expect.objectContaining({ name: 'NoSuchUpload' }),
    );
  });

  test('presigned URLs put and get from a browser', async () => {
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'from browser', Metadata: { a: 'b' } }), {
      expiresIn: 60,
    });
    const sent = await fetch(put, { method: 'PUT', body: 'page', headers: { origin: 'http://app.localhost' } });
    expect([sent.status, sent.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'from browser' }), { expiresIn: 60 });
    const got = await fetch(get);
    expect([await got.text(), got.headers.get('x-amz-meta-a')]).toEqual(['page', 'b']);
    expect((await fetch(get.replace('from%20browser', 'notes.txt'))).status).toBe(403);
    expect((await fetch(get, { method: 'DELETE' })).status).toBe(403);
  });

  test('names what is not implemented', async () => {
    await expect(s3.send(new GetObjectTorrentCommand({ Bucket, Key: 'notes.txt' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NotImplemented' }),
    );
  });

  test('a bucket is deleted when it is empty', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'sdk-short' }));
    await s3.send(new PutObjectCommand({ Bucket: 'sdk-short', Key: 'a', Body: 'x' }));
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'sdk-short' }))).rejects.toThrow(
      expect.objectContaining({ name: 'BucketNotEmpty' }),
    );
    await s3.send(new DeleteObjectCommand({ Bucket: 'sdk-short', Key: 'a' }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'sdk-short' }));
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'sdk-short' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NotFound' }),
    );
  });
});

describe('access', () => {
  const denied = expect.objectContaining({ name: 'AccessDenied' });

  test('a key of one bucket reaches no other', async () => {
    await admin.ensureBucket({ name: 'mine' });
    await admin.ensureBucket({ name: 'theirs' });
    const key = await admin.ensureKey({ owner: 'photos/web', buckets: ['mine'] });
    expect(await admin.ensureKey({ owner: 'photos/web', buckets: ['mine'] })).toEqual(key);
    const s3 = client(key);
    await s3.send(new PutObjectCommand({ Bucket: 'mine', Key: 'a', Body: 'a' }));
    expect((await s3.send(new ListBucketsCommand())).Buckets?.map(({ Name }) => Name)).toEqual(['mine']);
    const refused = [
      new PutObjectCommand({ Bucket: 'theirs', Key: 'a', Body: 'a' }),
      new GetObjectCommand({ Bucket: 'theirs', Key: 'a' }),
      new CopyObjectCommand({ Bucket: 'mine', Key: 'b', CopySource: 'theirs/a' }),
      new CreateBucketCommand({ Bucket: 'others' }),
      new DeleteBucketCommand({ Bucket: 'mine' }),
    ];
    for (const command of refused) await expect(s3.send(command as GetObjectCommand)).rejects.toThrow(denied);
    await admin.revokeKey({ owner: 'photos/web' });
    await expect(s3.send(new ListBucketsCommand())).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidAccessKeyId' }),
    );
    s3.destroy();
  });

  test('anyone reads objects of a public bucket, and nothing else', async () => {
    await admin.ensureBucket({ name: 'open', accessibility: 'public' });
    const s3 = client(operator);
    await s3.send(new PutObjectCommand({ Bucket: 'open', Key: 'a', Body: 'public' }));
    s3.destroy();
    expect(await (await fetch(`${endpoint}/open/a`)).text()).toBe('public');
    expect((await fetch(`${endpoint}/open/a`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${endpoint}/open/a`, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(`${endpoint}/open?list-type=2`)).status).toBe(403);
    await admin.ensureBucket({ name: 'open', accessibility: 'private' });
    expect((await fetch(`${endpoint}/open/a`)).status).toBe(403);
  });
});

/** Where CI says that everything is installed, a missing client is a failure and not a skip. */
const cliMissing = !existsSync(AWS_CLI);
describe.skipIf(cliMissing && process.env.CI !== 'true')(`the aws cli (${AWS_CLI}; Debian package awscli)`, () => {
  let directory: TemporaryDirectory;
  let home: string;
  const aws = async (args: readonly string[], key: AccessKey = operator): Promise<string> => {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_MAX_ATTEMPTS: '1',
    };
    return (await exec([AWS_CLI, '--endpoint-url', endpoint, ...args], { env, cwd: home })).stdout;
  };

  beforeAll(async () => {
    directory = await temporaryDirectory();
    home = directory.path;
    await aws(['s3', 'mb', 's3://cli-bucket']);
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  test('cp both ways, small and by parts', async () => {
    for (const [name, size] of [
      ['small', 1234],
      ['large', 30 * MB],
    ] as const) {
      const bytes = randomBytes(size);
      await writeFile(join(home, name), bytes);
      await aws(['s3', 'cp', name, `s3://cli-bucket/files/${name}`]);
      await aws(['s3', 'cp', `s3://cli-bucket/files/${name}`, `s3://cli-bucket/copies/${name}`]);
      await aws(['s3', 'cp', `s3://cli-bucket/copies/${name}`, `${name}.back`]);
      expect(bytes.equals(await readFile(join(home, `${name}.back`)))).toBe(true);
    }
    expect(await aws(['s3', 'ls', 's3://cli-bucket/'])).toContain('PRE files/');
    expect(await aws(['s3', 'ls', 's3://cli-bucket/files/'])).toMatch(/31457280 large\n.* 1234 small/);
    await aws(['s3', 'mv', 's3://cli-bucket/files/small', 's3://cli-bucket/files/moved']);
    expect(await aws(['s3', 'ls', '--recursive', 's3://cli-bucket/files/'])).not.toContain('small');
  });

  test('sync up and down, rm --recursive, rb', async () => {
    const names = ['a.txt', 'b c.txt', 'sub/d+é.txt'];
    await mkdir(join(home, 'up', 'sub'), { recursive: true });
    for (const name of names) await writeFile(join(home, 'up', name), name);
    await aws(['s3', 'mb', 's3://cli-sync']);
    await aws(['s3', 'sync', 'up', 's3://cli-sync/tree']);
    expect(await aws(['s3', 'sync', 'up', 's3://cli-sync/tree'])).toBe('');
    await aws(['s3', 'sync', 's3://cli-sync/tree', 'down']);
    const down = await readdir(join(home, 'down'), { recursive: true });
    expect(down.sort()).toEqual(['a.txt', 'b c.txt', 'sub', 'sub/d+é.txt']);
    await aws(['s3', 'rm', '--recursive', 's3://cli-sync/tree']);
    expect(await aws(['s3', 'ls', '--recursive', 's3://cli-sync'])).toBe('');
    await aws(['s3', 'rb', 's3://cli-sync']);
    expect(await aws(['s3', 'ls'])).not.toContain('cli-sync');
  });

  test('checksums and attributes', async () => {
    await writeFile(join(home, 'summed'), 'summed');
    const put = ['put-object', '--bucket', 'cli-bucket', '--key', 'summed', '--body', 'summed'];
    await aws(['s3api', ...put, '--checksum-algorithm', 'SHA256']);
    const names = ['--object-attributes', 'Checksum', 'ObjectSize', 'ETag'];
    const text = await aws(['s3api', 'get-object-attributes', '--bucket', 'cli-bucket', '--key', 'summed', ...names]);
    expect(JSON.parse(text)).toMatchObject({
      ETag: createHash('md5').update('summed').digest('hex'),
      Checksum: { ChecksumSHA256: createHash('sha256').update('summed').digest('base64') },
      ObjectSize: 6,
    });
  });

  test('presign', async () => {
    await writeFile(join(home, 'shared.txt'), 'shared');
    await aws(['s3', 'cp', 'shared.txt', 's3://cli-bucket/shared.txt']);
    const url = (await aws(['s3', 'presign', 's3://cli-bucket/shared.txt', '--expires-in', '60'])).trim();
    expect(await (await fetch(url)).text()).toBe('shared');
    expect((await fetch(url.replace('shared.txt', 'other.txt'))).status).toBe(403);
  });

  test('a wrong secret and a foreign bucket are refused', async () => {
    const wrong = { ...operator, secretAccessKey: `${operator.secretAccessKey.slice(0, -1)}!` };
    await expect(aws(['s3', 'ls'], wrong)).rejects.toThrow('SignatureDoesNotMatch');
    const key = await admin.ensureKey({ owner: 'cli/web', buckets: ['cli-bucket'] });
    await admin.ensureBucket({ name: 'cli-other' });
    expect(await aws(['s3', 'ls', 's3://cli-bucket'], key)).toContain('shared.txt');
    await expect(aws(['s3', 'ls', 's3://cli-other'], key)).rejects.toThrow('AccessDenied');
    await expect(aws(['s3', 'cp', 'shared.txt', 's3://cli-other/x'], key)).rejects.toThrow('AccessDenied');
  });
});

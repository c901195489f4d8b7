import { existsSync } from 'node:fs';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import type { AccessKey, ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

type Markers = Partial<Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'>>;

const AWS_CLI = '/usr/bin/aws';

let store: TestObjectStore;
let admin: ObjectAdmin;
let endpoint: string;
let operator: AccessKey;
let s3: S3Client;

beforeAll(async () => {
  store = await startObjectStore();
  ({ admin, endpoint } = store);
  operator = await admin.ensureKey({ owner: 'operator', buckets: '*' });
  s3 = new S3Client({ endpoint, region: 'local', credentials: operator, forcePathStyle: true, maxAttempts: 1 });
});

afterAll(async () => {
  s3?.destroy();
  await store?.[Symbol.asyncDispose]();
});

describe('versions, with the AWS SDK for JavaScript v3', () => {
  let buckets = 0;
  let Bucket: string;
  const Key = 'notes.txt';

  beforeEach(async () => {
    Bucket = `versions-${++buckets}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  const turn = (Status: 'Enabled' | 'Suspended') =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const put = async (Body: string, key = Key) =>
    (await s3.send(new PutObjectCommand({ Bucket, Key: key, Body }))).VersionId;
  const remove = (VersionId?: string) => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  const read = async (VersionId?: string) => {
    const object = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    return [await object.Body?.transformToString(), object.VersionId];
  };
  const versions = async () => {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    return { versions: Versions.map((one) => one.VersionId), markers: DeleteMarkers.map((one) => one.VersionId) };
  };
  const failure = (name: string, httpStatusCode: number) =>
    expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode }) });

  test('are off, then enabled, then suspended, and never off again', async () => {
    const status = async () => (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await put('x')).toBeUndefined();
    expect(await status()).toBeUndefined();
    await turn('Enabled');
    expect(await status()).toBe('Enabled');
    await turn('Suspended');
    expect(await status()).toBe('Suspended');
    const mfa = { Status: 'Enabled', MFADelete: 'Enabled' } as const;
    await expect(s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: mfa }))).rejects.toThrow(
      failure('NotImplemented', 501),
    );
    await expect(s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: {} }))).rejects.toThrow(
      failure('MalformedXML', 400),
    );
  });

  test('are read, hidden by a delete marker and brought back', async () => {
    await turn('Enabled');
    const first = await put('one');
    const second = await put('two');
    expect(await read()).toEqual(['two', second]);
    expect(await read(first)).toEqual(['one', first]);

    const removed = await remove();
    expect(removed).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    await expect(read()).rejects.toThrow(failure('NoSuchKey', 404));
    await expect(read(removed.VersionId)).rejects.toThrow(failure('MethodNotAllowed', 405));
    await expect(read('0000000000x')).rejects.toThrow(failure('NoSuchVersion', 404));
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key }))).rejects.toThrow(failure('NotFound', 404));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key, VersionId: first }))).VersionId).toBe(first);
    expect(await versions()).toEqual({ versions: [second, first], markers: [removed.VersionId] });

    expect(await remove(removed.VersionId)).toMatchObject({ DeleteMarker: true, VersionId: removed.VersionId });
    expect(await read()).toEqual(['two', second]);
    const gone = await remove(second);
    expect(gone).toMatchObject({ VersionId: second });
    expect(gone.DeleteMarker).toBeUndefined();
    expect(await read()).toEqual(['one', first]);
  });

  test('a delete marker says in headers that it is one', async () => {
    await turn('Enabled');
    await put('one');
    const { VersionId } = await remove();
    const answered = async (version?: string) => {
      const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key, VersionId: version }));
      const { status, headers } = await fetch(url);
      const names = ['x-amz-delete-marker', 'x-amz-version-id', 'allow', 'last-modified'];
      return [status, ...names.map((name) => headers.get(name))];
    };
    expect(await answered()).toEqual([404, 'true', VersionId, null, null]);
    expect(await answered(VersionId)).toEqual([405, 'true', VersionId, 'DELETE', expect.stringMatching(/ GMT$/)]);
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: 'never was' }));
    expect((await fetch(url)).headers.has('x-amz-delete-marker')).toBe(false);
  });

  test('a suspended bucket writes the null version over itself', async () => {
    expect(await put('before')).toBeUndefined();
    await turn('Enabled');
    const kept = await put('kept');
    expect(await read('null')).toEqual(['before', 'null']);
    await turn('Suspended');
    expect(await put('suspended')).toBeUndefined();
    expect(await versions()).toEqual({ versions: ['null', kept], markers: [] });
    expect(await remove()).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    expect(await versions()).toEqual({ versions: [kept], markers: ['null'] });
    await remove('null');
    expect(await read()).toEqual(['kept', kept]);
  });

  test('an old version is copied over the new one', async () => {
    await turn('Enabled');
    const first = await put('one');
    await put('two');
    const source = { CopySource: `${Bucket}/${Key}?versionId=${first}` };
    const copied = await s3.send(new CopyObjectCommand({ Bucket, Key, ...source }));
    expect(copied.CopySourceVersionId).toBe(first);
    expect(await read()).toEqual(['one', copied.VersionId]);
    const { VersionId } = await remove();
    await expect(
      s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}?versionId=${VersionId}` })),
    ).rejects.toThrow(failure('InvalidRequest', 400));
  });

  test('are listed in pages, and deleted many at once until the bucket can go', async () => {
    await turn('Enabled');
    for (const text of ['1', '2', '3']) {
      for (const key of ['a', 'b/c d', 'b/é']) await put(text, key);
    }
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a' }] } }));
    const found: { Key: string; VersionId: string | undefined; IsLatest: boolean | undefined }[] = [];
    for (let markers: Markers | undefined = {}; markers; ) {
      const page: ListObjectVersionsCommandOutput = await s3.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers }),
      );
      for (const { Key = '', VersionId, IsLatest } of [...(page.DeleteMarkers ?? []), ...(page.Versions ?? [])]) {
        found.push({ Key, VersionId, IsLatest });
      }
      const next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      markers = page.IsTruncated ? next : undefined;
    }
    expect(found.map((one) => `${one.Key}${one.IsLatest ? ' latest' : ''}`)).toEqual([
      ...['a latest', 'a', 'a', 'a'],
      ...['b/c d latest', 'b/c d', 'b/c d'],
      ...['b/é latest', 'b/é', 'b/é'],
    ]);
    const grouped = await s3.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/' }));
    expect(grouped).toMatchObject({ Versions: { length: 3 }, CommonPrefixes: [{ Prefix: 'b/' }] });
    await expect(s3.send(new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' }))).rejects.toThrow(
      failure('InvalidArgument', 400),
    );

    await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toThrow(failure('BucketNotEmpty', 409));
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(deleted.Deleted).toHaveLength(10);
    expect(deleted.Deleted?.filter(({ DeleteMarker }) => DeleteMarker)).toEqual([
      expect.objectContaining({ Key: 'a', DeleteMarkerVersionId: found[0]?.VersionId }),
    ]);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });

  test('what the app file says, the bucket does; taken out of it, versions stay', async () => {
    await admin.ensureBucket({ name: 'declared', versioning: true });
    const status = async () => (await s3.send(new GetBucketVersioningCommand({ Bucket: 'declared' }))).Status;
    expect(await status()).toBe('Enabled');
    await admin.ensureBucket({ name: 'declared', versioning: false });
    expect(await status()).toBe('Suspended');
  });
});

const cliMissing = !existsSync(AWS_CLI);

describe.skipIf(cliMissing && process.env.CI !== 'true')(`versions, with the aws cli (${AWS_CLI})`, () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  const aws = async (...args: readonly string[]) => {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: directory.path,
      AWS_ACCESS_KEY_ID: operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
      AWS_DEFAULT_REGION: 'local',
      AWS_MAX_ATTEMPTS: '1',
    };
    const { stdout } = await exec([AWS_CLI, '--endpoint-url', endpoint, 's3api', ...args], {
      env,
      cwd: directory.path,
    });
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  };

  test('s3api lists, reads and deletes them', async () => {
    const bucket = ['--bucket', 'cli-versions'];
    const object = [...bucket, '--key', 'a b'];
    await aws('create-bucket', ...bucket);
    await aws('put-bucket-versioning', ...bucket, '--versioning-configuration', 'Status=Enabled');
    expect(await aws('get-bucket-versioning', ...bucket)).toEqual({ Status: 'Enabled' });
    const { VersionId: first } = await aws('put-object', ...object);
    const { VersionId: second } = await aws('put-object', ...object);
    const marker = await aws('delete-object', ...object);
    expect(marker).toMatchObject({ DeleteMarker: true });
    expect(await aws('list-object-versions', ...bucket, '--prefix', 'a ')).toMatchObject({
      Versions: [
        { Key: 'a b', VersionId: second, IsLatest: false },
        { Key: 'a b', VersionId: first, IsLatest: false },
      ],
      DeleteMarkers: [{ Key: 'a b', VersionId: marker.VersionId, IsLatest: true }],
    });
    await aws('delete-object', ...object, '--version-id', marker.VersionId);
    expect(await aws('get-object', ...object, '--version-id', first, 'out')).toMatchObject({ VersionId: first });
    expect(await aws('head-object', ...object)).toMatchObject({ VersionId: second });
  });
});

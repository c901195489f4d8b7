import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import type { AccessKey } from '../../src/objects/object-admin.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

let store: TestObjectStore;
let operator: AccessKey;
let s3: S3Client;
let web: S3Client;

const client = (credentials: AccessKey) =>
  new S3Client({ endpoint: store.endpoint, region: 'local', credentials, forcePathStyle: true, maxAttempts: 1 });
const named = (name: string) => expect.objectContaining({ name });
const anonymously = async (path: string, init?: RequestInit) => (await fetch(`${store.endpoint}/${path}`, init)).status;

beforeAll(async () => {
  store = await startObjectStore();
  operator = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  s3 = client(operator);
  web = client(await store.admin.ensureKey({ owner: 'album/web', buckets: ['sdk-access'] }));
});

afterAll(async () => {
  s3.destroy();
  web.destroy();
  await store[Symbol.asyncDispose]();
});

describe('the AWS SDK for JavaScript v3', () => {
  const Bucket = 'sdk-access';
  const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
  const read = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/public/*` };

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    for (const Key of ['public/a', 'private/a']) await web.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  });

  test('sets CORS rules, by which pages are answered', async () => {
    const CORSRules = [
      {
        ID: 'app',
        AllowedOrigins: ['https://*.example'],
        AllowedMethods: ['GET', 'PUT'],
        AllowedHeaders: ['*'],
        ExposeHeaders: ['ETag'],
        MaxAgeSeconds: 60,
      },
    ];
    await web.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    expect((await web.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(CORSRules);
    const preflight = async (origin: string) =>
      fetch(`${store.endpoint}/${Bucket}/x`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-amz-acl' },
      });
    expect((await preflight('https://evil.test')).status).toBe(403);
    const answer = await preflight('https://app.example');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(answer.headers.get('access-control-allow-headers')).toBe('x-amz-acl');
    await web.send(new DeleteBucketCorsCommand({ Bucket }));
    await expect(web.send(new GetBucketCorsCommand({ Bucket }))).rejects.toThrow(named('NoSuchCORSConfiguration'));
  });

  test('opens a prefix by a policy, and closes it again', async () => {
    await expect(s3.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toThrow(named('NoSuchBucketPolicy'));
    await expect(web.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(read) }))).rejects.toThrow(
      named('AccessDenied'),
    );
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(read) }));
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(policy(read));
    expect((await s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(true);
    expect(await anonymously(`${Bucket}/public/a`)).toBe(200);
    expect(await anonymously(`${Bucket}/private/a`)).toBe(403);
    expect(await anonymously(`${Bucket}/public/a`, { method: 'DELETE' })).toBe(403);
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await anonymously(`${Bucket}/public/a`)).toBe(403);
  });

  test('hears why a policy is refused', async () => {
    const wrong = policy({ ...read, Action: 's3:GetObjects' });
    await expect(s3.send(new PutBucketPolicyCommand({ Bucket, Policy: wrong }))).rejects.toThrow(
      expect.objectContaining({ name: 'MalformedPolicy', message: 'Policy has invalid action: s3:GetObjects' }),
    );
  });

  test('blocks public access', async () => {
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    };
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    const given = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    expect(given.PublicAccessBlockConfiguration).toEqual(PublicAccessBlockConfiguration);
    const refused = [
      () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(read) })),
      () => web.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x', ACL: 'public-read' })),
      () => s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' })),
    ];
    for (const send of refused) {
      await expect(send()).rejects.toThrow(named('AccessDenied'));
    }
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  });

  test('publishes an object by its ACL, as rails, laravel and WordPress do', async () => {
    const Key = 'uploads/2026/cat.jpg';
    const put = { Bucket, Key, Body: 'meow', ContentType: 'image/jpeg', CacheControl: 'max-age=31536000' };
    await web.send(new PutObjectCommand({ ...put, ACL: 'public-read' }));
    const answer = await fetch(`${store.endpoint}/${Bucket}/${Key}`);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'image/jpeg',
      'meow',
    ]);
    expect(answer.headers.get('cache-control')).toBe('max-age=31536000');
    const { Grants } = await web.send(new GetObjectAclCommand({ Bucket, Key }));
    expect(Grants).toContainEqual({
      Grantee: { Type: 'Group', URI: 'http://acs.amazonaws.com/groups/global/AllUsers' },
      Permission: 'READ',
    });
    await web.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` }));
    expect(await anonymously(`${Bucket}/copy`)).toBe(403);
    expect(await (await web.send(new GetObjectCommand({ Bucket, Key: 'copy' }))).Body?.transformToString()).toBe(
      'meow',
    );
  });

  /** The server signs what the browser has told it of the file; the browser sends that along. */
  test('takes a direct upload by a presigned PUT with its type, checksum and ACL, as rails and laravel sign it', async () => {
    const Key = 'direct/cat (1).jpg';
    const md5 = createHash('md5').update('meow').digest('base64');
    const put = new PutObjectCommand({ Bucket, Key, ContentType: 'image/jpeg', ContentMD5: md5, ACL: 'public-read' });
    const headers = { 'content-type': 'image/jpeg', 'content-md5': md5, 'x-amz-acl': 'public-read' };
    const names = new Set(Object.keys(headers));
    const url = await getSignedUrl(web, put, { expiresIn: 300, signableHeaders: names, unhoistableHeaders: names });
    const send = async (body: string, changed: object = {}) =>
      (await fetch(url, { method: 'PUT', body, headers: { ...headers, ...changed } })).status;
    expect(await send('woof')).toBe(400);
    expect(await send('meow', { 'content-type': 'text/html' })).toBe(403);
    expect(await send('meow', { 'x-amz-acl': 'private' })).toBe(403);
    expect(await anonymously(`${Bucket}/${encodeURIComponent(Key)}`)).toBe(403);
    expect(await send('meow')).toBe(200);
    const shown = await fetch(`${store.endpoint}/${Bucket}/${encodeURIComponent(Key)}`);
    expect([await shown.text(), shown.headers.get('content-type')]).toEqual(['meow', 'image/jpeg']);
  });

  test('opens a listing by the ACL of the bucket, and disables ACLs', async () => {
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }));
    expect(await anonymously(`${Bucket}?list-type=2`)).toBe(200);
    expect((await s3.send(new GetBucketAclCommand({ Bucket }))).Grants).toHaveLength(2);
    const enforced = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] };
    const enforce = new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: enforced });
    await expect(s3.send(enforce)).rejects.toThrow(named('InvalidBucketAclWithObjectOwnership'));
    await s3.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));
    await s3.send(enforce);
    expect((await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls).toEqual(enforced);
    await expect(web.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x', ACL: 'public-read' }))).rejects.toThrow(
      named('AccessControlListNotSupported'),
    );
  });
});

describe('a key below a prefix, with the AWS SDK', () => {
  const Bucket = 'sdk-keys';
  const MiB = 1024 * 1024;
  let key: AccessKey;
  let scoped: S3Client;

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'secret', Body: 'secret' }));
    key = await store.admin.createKey({ grants: [{ bucket: Bucket, prefix: 'in/', access: 'read-write' }] });
    scoped = client(key);
  });
  afterAll(() => scoped.destroy());

  test('uploads by parts, lists, copies, deletes and signs there, and nothing else', async () => {
    const Body = Buffer.alloc(6 * MiB, 'x');
    await new Upload({ client: scoped, params: { Bucket, Key: 'in/big', Body }, partSize: 5 * MiB }).done();
    await scoped.send(new CopyObjectCommand({ Bucket, Key: 'in/copy', CopySource: `${Bucket}/in/big` }));
    const { Contents } = await scoped.send(new ListObjectsV2Command({ Bucket, Prefix: 'in/' }));
    expect(Contents?.map((one) => one.Key)).toEqual(['in/big', 'in/copy']);
    const Delete = { Objects: [{ Key: 'in/copy' }, { Key: 'secret' }] };
    const { Deleted, Errors } = await scoped.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect([Deleted?.map((one) => one.Key), Errors?.map((one) => one.Key)]).toEqual([['in/copy'], ['secret']]);
    const url = await getSignedUrl(scoped, new GetObjectCommand({ Bucket, Key: 'in/big' }));
    expect((await fetch(url, { headers: { range: 'bytes=0-1' } })).status).toBe(206);

    const denied = named('AccessDenied');
    await expect(scoped.send(new ListObjectsV2Command({ Bucket }))).rejects.toThrow(denied);
    await expect(scoped.send(new GetObjectCommand({ Bucket, Key: 'secret' }))).rejects.toThrow(denied);
    const copy = new CopyObjectCommand({ Bucket, Key: 'in/secret', CopySource: `${Bucket}/secret` });
    await expect(scoped.send(copy)).rejects.toThrow(denied);
    const upload = new Upload({ client: scoped, params: { Bucket, Key: 'big', Body }, partSize: 5 * MiB });
    await expect(upload.done()).rejects.toThrow(denied);
  });

  test('is replaced without a gap, and then ends', async () => {
    const head = new GetObjectCommand({ Bucket, Key: 'in/big', Range: 'bytes=0-0' });
    const url = await getSignedUrl(scoped, new HeadObjectCommand({ Bucket, Key: 'in/big' }));
    const signed = async () => (await fetch(url, { method: 'HEAD' })).status;
    const next = await store.admin.rotateKey({ accessKeyId: key.accessKeyId, graceMs: 3600_000 });
    const successor = client(next);
    for (const each of [scoped, successor]) await (await each.send(head)).Body?.transformToString();
    expect(await signed()).toBe(200);
    await store.admin.revokeAccessKey({ accessKeyId: key.accessKeyId });
    await expect(scoped.send(head)).rejects.toThrow(named('InvalidAccessKeyId'));
    expect(await signed()).toBe(403);

    const last = await store.admin.rotateKey({ accessKeyId: next.accessKeyId, graceMs: 0 });
    await expect(successor.send(head)).rejects.toThrow(named('ExpiredToken'));
    successor.destroy();
    expect((await store.admin.listKeys({})).filter(({ owner }) => owner === last.owner)).toEqual([
      expect.objectContaining({ accessKeyId: next.accessKeyId, replacedBy: last.accessKeyId }),
      expect.not.objectContaining({ secretAccessKey: expect.anything() }),
    ]);
  });
});

describe('the aws cli', () => {
  const bucket = 'cli-access';
  let directory: TemporaryDirectory;

  beforeAll(async () => {
    directory = await temporaryDirectory();
    await aws('create-bucket');
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  async function aws(command: string, ...more: string[]): Promise<string> {
    const { stdout } = await exec(
      ['/usr/bin/aws', 's3api', command, '--endpoint-url', store.endpoint, '--bucket', bucket, ...more],
      {
        env: {
          PATH: '/usr/bin:/bin',
          HOME: directory.path,
          AWS_ACCESS_KEY_ID: operator.accessKeyId,
          AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
          AWS_DEFAULT_REGION: 'us-east-1',
          AWS_EC2_METADATA_DISABLED: 'true',
        },
      },
    );
    return stdout;
  }

  const file = async (name: string, content: unknown) => {
    const path = join(directory.path, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  test('sets policy, CORS, ACL, ownership and the public access block', async () => {
    await aws('put-object', '--key', 'a', '--body', await file('a', 'hello'), '--acl', 'public-read');
    expect(await anonymously(`${bucket}/a`)).toBe(200);
    const setPolicy = async (Effect: string) => {
      const statement = { Effect, Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/a` };
      const policy = { Version: '2012-10-17', Statement: [statement] };
      await aws('put-bucket-policy', '--policy', `file://${await file('policy.json', policy)}`);
      expect(JSON.parse(JSON.parse(await aws('get-bucket-policy')).Policy)).toEqual(policy);
    };
    await setPolicy('Deny');
    const isPublic = async () => JSON.parse(await aws('get-bucket-policy-status')).PolicyStatus.IsPublic;
    expect(await isPublic()).toBe(false);
    expect(await anonymously(`${bucket}/a`)).toBe(403);
    await setPolicy('Allow');
    expect(await isPublic()).toBe(true);
    await aws('delete-bucket-policy');

    const cors = { CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }] };
    await aws('put-bucket-cors', '--cors-configuration', JSON.stringify(cors));
    expect(JSON.parse(await aws('get-bucket-cors'))).toEqual(cors);

    await aws('put-bucket-acl', '--acl', 'public-read');
    expect(JSON.parse(await aws('get-bucket-acl')).Grants).toHaveLength(2);
    await aws('put-public-access-block', '--public-access-block-configuration', 'IgnorePublicAcls=true');
    expect(JSON.parse(await aws('get-public-access-block')).PublicAccessBlockConfiguration).toMatchObject({
      BlockPublicAcls: false,
      IgnorePublicAcls: true,
    });
    expect(await anonymously(`${bucket}/a`)).toBe(403);
    await aws('put-bucket-ownership-controls', '--ownership-controls', 'Rules=[{ObjectOwnership=ObjectWriter}]');
    expect(await aws('get-bucket-ownership-controls')).toContain('ObjectWriter');
    const out = join(directory.path, 'out');
    await aws('get-object', '--key', 'a', out);
    expect(await readFile(out, 'utf8')).toBe('hello');
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { parseAccessLog } from '../support/access-log.ts';
import { AWS_CLI, describeClient } from '../support/s3-client-program.ts';
import { TestPlatform } from '../support/test-platform.ts';

const PAGE = 'https://photos.example.com';
const OTHER = 'https://elsewhere.example.com';

const statement = {
  Sid: 'by-hand',
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::uploads/public/*',
};

let platform: TestPlatform;
let receiver: Server;
/** What webhooks were told. */
let received: string[] = [];
let operator: Readonly<Record<string, string>>;

beforeAll(async () => {
  receiver = createServer(async (req, res) => {
    const [record] = JSON.parse((await req.toArray()).join('')).Records;
    received.push(`${req.url} ${record.eventName} ${record.s3.bucket.name}/${record.s3.object.key}`);
    res.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  platform = await TestPlatform.create();
  platform.env.HOLDFAST_WEBHOOK_ALLOW = '127.0.0.0/8';
  platform.env.HOLDFAST_ACCESS_LOG_SECONDS = '1';
  await platform.up();
  operator = await operatorKey();
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await platform?.[Symbol.asyncDispose]();
});
afterEach(() => {
  received = [];
});

/** Writes the app `photos`, of one bucket with these settings and others. */
async function write(properties: object, others: object = {}): Promise<string> {
  const app = join(platform.directory, 'photos');
  await mkdir(app, { recursive: true });
  const resources = { uploads: { type: 'bucket', properties }, ...others };
  await writeFile(join(app, 'holdfast.yaml'), JSON.stringify({ app: 'photos', resources }));
  return app;
}

async function deploy(properties: object, others?: object): Promise<void> {
  await platform.run(['deploy'], { cwd: await write(properties, others) });
}

const put = (key: string) => platform.run(['object-store', 'put', 'uploads', '-', key], { input: 'bytes' });
async function addWebhook(name: string): Promise<void> {
  const { port } = receiver.address() as AddressInfo;
  await platform.run(['object-store', 'webhooks', 'add', name, `http://127.0.0.1:${port}/${name}`]);
}

const arrives = (event: string) =>
  waitUntil(() => received.includes(event), { timeoutMs: 60_000, what: `${event}, not ${received}` });

/** Variables of a key that reaches every bucket. */
async function operatorKey(): Promise<Record<string, string>> {
  const text = await platform.run(['object-store', 'keys', 'create', '--all-buckets']);
  return Object.fromEntries(
    [...text.matchAll(/^(?:export )?(\w+)=['"]?([^'"\n]*)/gm)].map(([, name, value]) => [name, value]),
  );
}

/** The aws cli, as an operator. */
async function s3api(operation: string, ...args: string[]): Promise<Record<string, unknown>> {
  const endpoint = `http://127.0.0.1:${platform.s3Port}`;
  const argv = [AWS_CLI.path, '--endpoint-url', endpoint, 's3api', operation, '--bucket', 'uploads', ...args];
  const { stdout } = await exec(argv, { env: { ...operator, PATH: '/usr/bin:/bin', HOME: platform.directory } });
  return JSON.parse(stdout);
}

/** What a browser asks before a page of `origin` may PUT. */
async function preflight(origin: string): Promise<{ readonly status: number; readonly headers: Headers }> {
  const headers = {
    origin,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'content-type',
  };
  const { status, headers: answer } = await fetch(`http://127.0.0.1:${platform.s3Port}/uploads/a`, {
    method: 'OPTIONS',
    headers,
  });
  return { status, headers: answer };
}

test('pages of the origins in the file may upload by presigned URL, and others once the file says so', async () => {
  await deploy({ cors: [PAGE] });
  const allowed = await preflight(PAGE);
  expect(allowed.status).toBe(200);
  expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(allowed.headers.get('access-control-allow-methods')).toContain('PUT');
  expect(allowed.headers.get('access-control-allow-headers')).toBe('content-type');
  expect(allowed.headers.get('access-control-max-age')).toBe('3600');
  expect((await preflight(OTHER)).status).toBe(403);

  const url = (await platform.run(['object-store', 'presign', 'uploads', 'a', '--upload'])).trim();
  const put = await fetch(url, { method: 'PUT', body: 'bytes', headers: { origin: PAGE } });
  expect(put.status).toBe(200);
  expect(put.headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(put.headers.get('access-control-expose-headers')).toContain('ETag');

  await deploy({ cors: [{ origins: [OTHER], methods: ['PUT'], maxAge: '5m' }] });
  expect((await preflight(PAGE)).status).toBe(403);
  expect((await preflight(OTHER)).headers.get('access-control-max-age')).toBe('300');
  expect(await platform.run(['object-store', 'get', 'uploads', 'a', '-'])).toBe('bytes');
});

describeClient(AWS_CLI, () => {
  test('lifecycle rules of the file apply to what is there, and change with it', async () => {
    await deploy({ lifecycle: [{ prefix: 'tmp/', expireAfter: '7d' }, { abortUploadsAfter: 1 }] });
    await put('tmp/a');
    expect((await s3api('get-bucket-lifecycle-configuration')).Rules).toEqual([
      { ID: 'app-file-1', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 7 } },
      {
        ID: 'app-file-2',
        Status: 'Enabled',
        Filter: {},
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ]);
    const expiration = async () => (await s3api('head-object', '--key', 'tmp/a')).Expiration as string;
    expect(await expiration()).toContain('rule-id="app-file-1"');
    const goesAt = async () => Date.parse(/(?<=expiry-date=")[^"]*/.exec(await expiration())?.[0] ?? '');
    const inAWeek = await goesAt();

    await deploy({ lifecycle: [{ expireAfter: '30d' }] });
    expect((await goesAt()) - inAWeek).toBe(23 * 24 * 3600_000);
    expect((await s3api('get-bucket-lifecycle-configuration')).Rules).toHaveLength(1);
  });
});

test('events go to the webhook that the file names, which has to be there', async () => {
  const events = [{ webhook: 'thumbs', types: ['created'], prefix: 'in/', suffix: '.jpg' }];
  const refused = await platform.cli(['deploy'], { cwd: await write({ events }) });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('resources.uploads.properties.events[0].webhook: there is no webhook "thumbs"');
  expect(refused.stderr).toContain('holdfast object-store webhooks add thumbs <url>');

  await addWebhook('thumbs');
  await addWebhook('audit');
  await deploy({ events });
  await put('in/a.txt');
  await put('in/a.jpg');
  await arrives('/thumbs ObjectCreated:Put uploads/in/a.jpg');
  const inUse = await platform.cli(['object-store', 'webhooks', 'remove', 'thumbs']);
  expect(inUse.stderr).toContain('take it out of `events` in the app file');

  await deploy({ events: [{ webhook: 'audit', types: ['removed'] }] });
  await put('in/b.jpg');
  await platform.run(['object-store', 'rm', 'uploads', 'in/b.jpg', '--yes']);
  await arrives('/audit ObjectRemoved:Delete uploads/in/b.jpg');
  expect(received).toHaveLength(2);
  await deploy({});
  await platform.run(['object-store', 'webhooks', 'remove', 'thumbs']);
});

test('the access log goes to another bucket of the file, also of one that comes with the same deploy', async () => {
  const logging = { bucket: 'logs', prefix: 'of-uploads/' };
  await deploy({ logging }, { logs: { type: 'bucket' } });
  await put('a');
  await put('b');
  const find = async () => {
    const objects = await platform.json<{ key: string }[]>(['object-store', 'ls', 'logs', '-r']);
    const texts = objects.map(({ key }) => platform.run(['object-store', 'get', 'logs', key, '-']));
    const lines = parseAccessLog((await Promise.all(texts)).join(''));
    const puts = lines.filter(({ operation }) => operation === 'REST.PUT.OBJECT').map(({ key }) => key);
    return puts.length >= 2 && { puts, keys: objects.map(({ key }) => key) };
  };
  const { puts, keys } = await waitUntil(find, { timeoutMs: 60_000, what: 'the log' });
  expect(puts.sort()).toEqual(['a', 'b']);
  expect(keys.every((key) => key.startsWith('of-uploads/'))).toBe(true);
  expect(await platform.run(['object-store', 'logging', 'get', 'uploads'])).toContain('logs/of-uploads/');

  await deploy({}, { logs: { type: 'bucket' } });
  expect(await platform.run(['object-store', 'logging', 'get', 'uploads'])).toContain('has no access log');
});

test('a deploy changes what the file changes, and nothing else of the bucket', async () => {
  await addWebhook('audit');
  const cors = [PAGE];
  const events = [{ webhook: 'audit', types: ['created'] }];
  const byHand = { Version: '2012-10-17', Statement: [statement] };
  await deploy({ cors, lifecycle: [{ expireAfter: 7 }], events });
  await platform.run(['object-store', 'policy', 'set', 'uploads', '-'], { input: JSON.stringify(byHand) });
  await put('kept');
  await arrives('/audit ObjectCreated:Put uploads/kept');

  const look = async () => ({
    cors: await platform.json(['object-store', 'cors', 'get', 'uploads']),
    lifecycle: await platform.json(['object-store', 'lifecycle', 'get', 'uploads']),
    events: await platform.json(['object-store', 'events', 'subscriptions', 'uploads']),
    policy: await platform.json(['object-store', 'policy', 'get', 'uploads']),
    versioning: await platform.json(['object-store', 'versioning', 'uploads']),
    keys: await platform.json(['object-store', 'ls', 'uploads']),
  });
  const before = await look();
  await deploy({ cors, lifecycle: [{ expireAfter: 8 }], events });
  const after = await look();
  expect(after.lifecycle).not.toEqual(before.lifecycle);
  expect({ ...after, lifecycle: undefined }).toEqual({ ...before, lifecycle: undefined });
  expect(before.policy).toMatchObject({ Statement: [{ Sid: 'by-hand' }] });
});

test('what the file names no longer is taken away, and what it never named is left alone', async () => {
  await deploy({ cors: [PAGE] });
  await deploy({});
  expect((await preflight(OTHER)).headers.get('access-control-allow-origin')).toBe('*');

  const byHand = { CORSRules: [{ AllowedOrigins: [OTHER], AllowedMethods: ['PUT'], AllowedHeaders: ['*'] }] };
  await platform.run(['object-store', 'cors', 'set', 'uploads', '-'], { input: JSON.stringify(byHand) });
  await deploy({ versioning: true });
  expect((await preflight(OTHER)).status).toBe(200);
  expect((await preflight(PAGE)).status).toBe(403);
});

test('a bucket that an S3 client has made is there for the commands', async () => {
  const s3 = new S3Client({
    endpoint: operator.AWS_ENDPOINT_URL_S3 ?? '',
    region: 'local',
    credentials: {
      accessKeyId: operator.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: operator.AWS_SECRET_ACCESS_KEY ?? '',
    },
    forcePathStyle: true,
  });
  try {
    const Bucket = 'made-by-s3';
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'bytes' }));
    const store = (...args: string[]) => platform.run(['object-store', ...args]);
    expect(await store('list')).toMatch(/^made-by-s3 .* active .* 5 B /m);
    expect(await store('show', Bucket)).toMatch(/^used +5 B$/m);
    expect(await store('get', Bucket, 'a', '-')).toBe('bytes');
    expect(await store('keys', 'create', Bucket, '--read-only')).toContain(`BUCKET_NAME=${Bucket}`);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3.send(new DeleteBucketCommand({ Bucket }));
    expect(await store('list')).not.toContain(Bucket);

    await s3.send(new CreateBucketCommand({ Bucket }));
    await store('update', Bucket, '--quota', '1MB');
    await store('destroy', Bucket, '--yes');
    await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toThrow();
    await store('recover', Bucket);
    expect(await store('show', Bucket)).toMatch(/^size +1 MB$/m);
  } finally {
    s3.destroy();
  }
});

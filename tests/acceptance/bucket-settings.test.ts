import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { AWS_CLI, describeClient } from '../support/s3-client-program.ts';
import { TestPlatform } from '../support/test-platform.ts';

const PAGE = 'https://photos.example.com';
const OTHER = 'https://elsewhere.example.com';

let platform: TestPlatform;
let operator: Readonly<Record<string, string>>;

beforeAll(async () => {
  platform = await TestPlatform.start();
  operator = await operatorKey();
});
afterAll(() => platform[Symbol.asyncDispose]());

/** Deploys the app `photos`, of one bucket with these settings. */
async function deploy(properties: object): Promise<void> {
  const app = join(platform.directory, 'photos');
  await mkdir(app, { recursive: true });
  const resources = { uploads: { type: 'bucket', properties } };
  await writeFile(join(app, 'holdfast.yaml'), JSON.stringify({ app: 'photos', resources }));
  await platform.run(['deploy'], { cwd: app });
}

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
    await platform.run(['object-store', 'put', 'uploads', '-', 'tmp/a'], { input: 'bytes' });
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

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPlatform } from '../support/test-platform.ts';

const PAGE = 'https://photos.example.com';
const OTHER = 'https://elsewhere.example.com';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await TestPlatform.start();
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

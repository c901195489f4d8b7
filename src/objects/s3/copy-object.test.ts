import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const web = testKey('web', ['photos']);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(web);
  await gateway.store.createBucket('photos');
  await gateway.call('PUT /photos/a', { as: web, body: 'x' });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const copy = (headers: Record<string, string>) =>
  gateway.call('PUT /photos/a', { as: web, headers: { 'x-amz-copy-source': 'photos/a', ...headers } });

test.each<Record<string, string>>([
  { 'x-amz-metadata-directive': 'REPLACE' },
  { 'x-amz-website-redirect-location': '/b' },
  { 'x-amz-storage-class': 'STANDARD' },
])('an object is copied onto itself with %j', async (headers) => {
  expect((await copy(headers)).status).toBe(200);
});

test('an object is not copied onto itself for nothing, and no range of it', async () => {
  expect((await copy({})).code).toBe('InvalidRequest');
  expect((await copy({ 'x-amz-metadata-directive': 'REPLACE', 'x-amz-copy-source-range': 'bytes=0-0' })).code).toBe(
    'NotImplemented',
  );
});

test('a copy has no bytes of its own', async () => {
  const { uploadId } = await gateway.store.createUpload('photos', 'b', { contentType: '', headers: {}, user: {} });
  const headers = { 'x-amz-copy-source': 'photos/a' };
  const asPart: Record<string, string> = { uploadId, partNumber: '1' };
  for (const query of [{}, asPart]) {
    const answer = await gateway.call('PUT /photos/b', { as: web, query, headers, body: 'mine' });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest' });
  }
  await expect(gateway.store.head('photos', 'b')).rejects.toThrow();
});

test.each([
  ['photos/my+file', 'my file'],
  ['photos/my%20file', 'my file'],
  ['photos%2Fmy+file', 'my file'],
  ['photos/my%2Bfile', 'my+file'],
])('%s is %s', async (source, key) => {
  const metadata = { contentType: 'text/x', headers: {}, user: {} };
  await gateway.store.put({ bucket: 'photos', key, metadata, body: Readable.from([Buffer.from(key)]) });
  const headers = { 'x-amz-copy-source': source };
  expect((await gateway.call('PUT /photos/b', { as: web, headers })).status).toBe(200);
  expect((await gateway.call('GET /photos/b', { as: web })).text).toBe(key);
});

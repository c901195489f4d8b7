import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import type { Grant } from '../access/key-scope.ts';

/** What keys that reach less than a bucket can do and cannot, over HTTP. */

const key = (name: string, ...grants: readonly Grant[]) => testKey(`key:${name}`, grants);
const operator = testKey('operator', '*');
const below = key('below', { bucket: 'photos', prefix: 'in/', access: 'read-write' });
const reader = key('reader', { bucket: 'photos', access: 'read' });
const writer = key('writer', { bucket: 'photos', access: 'write' });
const two = key(
  'two',
  { bucket: 'photos', prefix: 'in/', access: 'write' },
  { bucket: 'photos', prefix: 'out/', access: 'read' },
);

let gateway: TestGateway;
let call: TestGateway['call'];
const status = async (...request: Parameters<TestGateway['call']>) => (await call(...request)).status;

beforeEach(async () => {
  gateway = await startTestGateway(operator, below, reader, writer, two);
  call = gateway.call;
  await gateway.store.createBucket('photos');
  await gateway.store.createBucket('other');
  for (const name of ['in/a', 'in/b', 'inner', 'out/c'])
    await call(`PUT /photos/${name}`, { as: operator, body: name });
});
afterEach(() => gateway[Symbol.asyncDispose]());

describe('a key with a prefix', () => {
  test('reads, writes and deletes below it and nowhere else', async () => {
    for (const [name, expected] of [
      ['in/a', 200],
      ['in/', 404],
      ['inner', 403],
      ['out/c', 403],
      ['in', 403],
      ['/in/a', 403],
      ['In/a', 403],
    ] as const) {
      expect([name, await status(`GET /photos/${name}`, { as: below })]).toEqual([name, expected]);
    }
    expect(await status('PUT /photos/in/new', { as: below, body: 'x' })).toBe(200);
    expect(await status('PUT /photos/new', { as: below, body: 'x' })).toBe(403);
    expect(await status('PUT /other/in/new', { as: below, body: 'x' })).toBe(403);
    expect(await status('DELETE /photos/in/new', { as: below })).toBe(204);
    expect(await status('DELETE /photos/inner', { as: below })).toBe(403);
  });

  test('cannot climb out: keys are taken as they are', async () => {
    expect(await status('PUT /photos/in/../inner', { as: below, body: 'x' })).toBe(200);
    expect((await call('GET /photos/inner', { as: operator })).text).toBe('inner');
    expect((await call('GET /photos/in/../inner', { as: operator })).text).toBe('x');
  });

  test.each<[string, Readonly<Record<string, string>>]>([
    ['ListObjectsV2', { 'list-type': '2' }],
    ['ListObjects', {}],
    ['ListObjectVersions', { versions: '' }],
    ['ListMultipartUploads', { uploads: '' }],
  ])('gets from %s what is below it and must say so', async (_name, query) => {
    const list = (prefix?: string) =>
      status('GET /photos', { as: below, query: { ...query, ...(prefix === undefined ? {} : { prefix }) } });
    expect(await list('in/')).toBe(200);
    expect(await list('in/a')).toBe(200);
    expect(await list('in')).toBe(403);
    expect(await list('')).toBe(403);
    expect(await list()).toBe(403);
  });

  test('is told of the last of several prefixes only what it may see', async () => {
    await call('PUT /photos/in/x', { as: below, body: 'x' });
    const { text } = await call('GET /photos', { as: below, query: { 'list-type': '2', prefix: 'in/' } });
    expect(text).toContain('<Key>in/x</Key>');
    expect(text).not.toContain('inner');
  });

  test('sees that the bucket is there and nothing that is said of it', async () => {
    expect(await status('HEAD /photos', { as: below })).toBe(200);
    expect(await status('GET /photos', { as: below, query: { location: '' } })).toBe(200);
    expect((await call('GET /', { as: below })).text).toContain('<Name>photos</Name>');
    for (const sub of ['cors', 'versioning', 'tagging', 'policy', 'acl', 'publicAccessBlock', 'ownershipControls']) {
      expect([sub, await status('GET /photos', { as: below, query: { [sub]: '' } })]).toEqual([sub, 403]);
      expect([sub, await status('PUT /photos', { as: below, query: { [sub]: '' }, body: '<x/>' })]).toEqual([sub, 403]);
    }
    expect(await status('PUT /photos', { as: below })).toBe(403);
    expect(await status('DELETE /photos', { as: below })).toBe(403);
    expect(await status('GET /photos/in/a', { as: below, query: { acl: '' } })).toBe(200);
    expect(await status('GET /photos/inner', { as: below, query: { acl: '' } })).toBe(403);
  });

  test('copies only from below it', async () => {
    const copy = (source: string) =>
      status('PUT /photos/in/copy', { as: below, headers: { 'x-amz-copy-source': source } });
    expect(await copy('photos/in/a')).toBe(200);
    expect(await copy('/photos/in%2Fa')).toBe(200);
    expect(await copy('photos/inner')).toBe(403);
    expect(await copy('photos/out/c')).toBe(403);
    expect(await copy('photos/in/../inner')).toBe(404);
  });

  test('uploads in parts below it, and takes parts only from there', async () => {
    const uploads = { uploads: '' };
    expect(await status('POST /photos/big', { as: below, query: uploads })).toBe(403);
    const started = await call('POST /photos/in/big', { as: below, query: uploads });
    const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(started.text)?.[1] ?? '';
    const query = { partNumber: '1', uploadId };
    expect(await status('PUT /photos/in/big', { as: below, query, body: 'x' })).toBe(200);
    const headers = { 'x-amz-copy-source': 'photos/inner' };
    expect(await status('PUT /photos/in/big', { as: below, query, headers })).toBe(403);
    expect(await status('GET /photos/in/big', { as: below, query: { uploadId } })).toBe(200);
    expect(await status('DELETE /photos/big', { as: below, query: { uploadId } })).toBe(403);
    expect(await status('DELETE /photos/in/big', { as: below, query: { uploadId } })).toBe(204);
  });

  test('deletes of several keys those below it', async () => {
    const body = '<Delete><Object><Key>in/a</Key></Object><Object><Key>inner</Key></Object></Delete>';
    const { text } = await call('POST /photos', { as: below, query: { delete: '' }, body });
    expect(text).toContain('<Deleted><Key>in/a</Key></Deleted>');
    expect(text).toContain('<Error><Key>inner</Key><Code>AccessDenied</Code>');
    expect(await status('POST /other', { as: below, query: { delete: '' }, body })).toBe(403);
    expect(await status('GET /photos/inner', { as: operator })).toBe(200);
  });
});

test('a key to read writes nothing, and sets nothing', async () => {
  expect(await status('GET /photos/in/a', { as: reader })).toBe(200);
  expect(await status('GET /photos', { as: reader, query: { 'list-type': '2' } })).toBe(200);
  expect(await status('PUT /photos/x', { as: reader, body: 'x' })).toBe(403);
  expect(await status('DELETE /photos/in/a', { as: reader })).toBe(403);
  expect(await status('POST /photos/x', { as: reader, query: { uploads: '' } })).toBe(403);
  expect(await status('POST /photos', { as: reader, query: { delete: '' }, body: '<Delete/>' })).toBe(403);
  expect(await status('PUT /photos', { as: reader, query: { cors: '' }, body: '<x/>' })).toBe(403);
});

test('a key to write reads nothing, and lists nothing', async () => {
  expect(await status('PUT /photos/x', { as: writer, body: 'x' })).toBe(200);
  for (const line of ['GET /photos/x', 'HEAD /photos/x'] as const) expect(await status(line, { as: writer })).toBe(403);
  expect(await status('GET /photos', { as: writer, query: { 'list-type': '2' } })).toBe(403);
  expect(await status('PUT /photos/y', { as: writer, headers: { 'x-amz-copy-source': 'photos/x' } })).toBe(403);
  expect(await status('DELETE /photos/x', { as: writer })).toBe(204);
});

test('of two grants each is for its own keys', async () => {
  expect(await status('PUT /photos/in/x', { as: two, body: 'x' })).toBe(200);
  expect(await status('GET /photos/in/x', { as: two })).toBe(403);
  expect(await status('GET /photos/out/c', { as: two })).toBe(200);
  expect(await status('PUT /photos/out/c', { as: two, body: 'x' })).toBe(403);
  expect(await status('PUT /photos/in/c', { as: two, headers: { 'x-amz-copy-source': 'photos/out/c' } })).toBe(200);
});

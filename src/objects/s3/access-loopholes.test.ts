import { afterEach, beforeEach, expect, test } from 'vitest';
import { BOUNDARY, encodeForm, signForm } from '../../../tests/support/post-form.ts';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

/** Small ways past what a bucket says, each of which was open once. */

const operator = testKey('operator', '*');
const ofPhotos = testKey('operator:photos', ['photos']);
const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);
const dropper = testKey('key:drop', [{ bucket: 'photos', access: 'write' }]);

let gateway: TestGateway;
let call: TestGateway['call'];
const status = async (...request: Parameters<TestGateway['call']>) => (await call(...request)).status;
const setPolicy = async (...statements: object[]) => {
  const Statement = statements.map((one) => ({ Effect: 'Deny', Principal: '*', ...one }));
  const body = JSON.stringify({ Version: '2012-10-17', Statement });
  expect((await call('PUT /photos', { as: operator, query: { policy: '' }, body })).text).toBe('');
};

beforeEach(async () => {
  gateway = await startTestGateway(operator, ofPhotos, web, other, dropper);
  call = gateway.call;
  await gateway.store.createBucket('photos', { versioning: 'enabled' });
  await gateway.store.createBucket('other');
});
afterEach(() => gateway[Symbol.asyncDispose]());

test('that a bucket is public gives nobody what was deleted or replaced in it', async () => {
  await gateway.store.updateBucket('photos', { accessibility: 'public' });
  const versionId = String((await call('PUT /photos/a', { as: web, body: 'x' })).headers['x-amz-version-id']);
  expect(await status('GET /photos/a')).toBe(200);
  const marker = await call('DELETE /photos/a', { as: web });
  for (const who of [{}, { as: other }]) {
    expect(await status('GET /photos/a', { ...who, query: { versionId } })).toBe(403);
    expect(await status('HEAD /photos/a', { ...who, query: { versionId } })).toBe(403);
    const query = { versionId: String(marker.headers['x-amz-version-id']) };
    expect(await call('GET /photos/a', { ...who, query })).toMatchObject({ status: 403 });
  }
  const headers = { 'x-amz-copy-source': `photos/a?versionId=${versionId}` };
  expect(await status('PUT /other/a', { as: other, headers })).toBe(403);
  expect(await status('GET /photos/a', { as: web, query: { versionId } })).toBe(200);
});

test('tags that come with a copy are set by who may set them', async () => {
  await call('PUT /photos/a', { as: web, body: 'x', headers: { 'x-amz-tagging': 'class=open' } });
  await call('PUT /photos/plain', { as: web, body: 'x' });
  await setPolicy({ Action: 's3:PutObjectTagging', Resource: 'arn:aws:s3:::photos/secret/*' });
  const copy = (key: string, more = {}) => {
    const headers = { 'x-amz-copy-source': `photos/${key}`, ...more };
    return status('PUT /photos/secret/a', { as: web, headers });
  };
  expect(await copy('a')).toBe(403);
  expect(await copy('a', { 'x-amz-tagging-directive': 'REPLACE' })).toBe(200);
  expect(await copy('plain')).toBe(200);
  expect(await status('PUT /photos/b', { as: web, headers: { 'x-amz-copy-source': 'photos/a' } })).toBe(200);
});

test('an ETag that a policy names is that one in quotes and without', async () => {
  const etag = String((await call('PUT /photos/a', { as: web, body: 'x' })).headers.etag);
  const bare = etag.replaceAll('"', '');
  const Condition = { StringEquals: { 's3:if-match': bare } };
  await setPolicy({ Action: 's3:PutObject', Resource: 'arn:aws:s3:::photos/*', Condition });
  for (const one of [bare, etag, ` ${etag}`]) {
    expect(await status('PUT /photos/a', { as: web, headers: { 'if-match': one }, body: 'y' })).toBe(403);
  }
});

test('who signs nothing begins no upload, copies nothing and reads no policy, whatever that allows', async () => {
  await call('PUT /photos/a', { as: web, body: 'x' });
  const uploads = await call('POST /photos/b', { as: web, query: { uploads: '' } });
  const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(uploads.text)?.[1] ?? '';
  const Resource = ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'];
  await setPolicy({ Effect: 'Allow', Action: 's3:*', Resource });
  const headers = { 'x-amz-copy-source': 'photos/a' };
  expect(await status('PUT /photos/b', { body: 'x' })).toBe(200);
  expect(await status('POST /photos/b', { query: { uploads: '' } })).toBe(403);
  expect(await status('PUT /photos/c', { headers })).toBe(403);
  const part = { uploadId, partNumber: '1' };
  expect(await status('PUT /photos/b', { headers, query: part })).toBe(403);
  expect(await status('PUT /photos/b', { body: 'x', query: part })).toBe(200);
  expect(await status('GET /photos', { query: { policy: '' } })).toBe(405);
  expect(await status('GET /photos', { as: other, query: { policy: '' } })).toBe(200);
  expect(await status('PUT /photos/c', { as: other, headers })).toBe(200);
});

test('who may not read an object tries no ETags, sizes and times on it', async () => {
  const etag = String((await call('PUT /photos/a', { as: web, body: 'x' })).headers.etag);
  const uploads = await call('POST /photos/a', { as: dropper, query: { uploads: '' } });
  const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(uploads.text)?.[1] ?? '';
  const parts =
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>';
  for (const one of [etag, '"0"']) {
    const headers = { 'if-match': one };
    expect(await status('PUT /photos/a', { as: dropper, headers, body: 'y' })).toBe(403);
    expect(await status('DELETE /photos/a', { as: dropper, headers })).toBe(403);
    expect(await status('POST /photos/a', { as: dropper, headers, query: { uploadId }, body: parts })).toBe(403);
    const body = `<Delete><Object><Key>a</Key><ETag>${one.replaceAll('"', '&quot;')}</ETag></Object></Delete>`;
    const deleted = await call('POST /photos', { as: dropper, query: { delete: '' }, body });
    expect(deleted).toMatchObject({ status: 200, text: expect.stringContaining('AccessDenied') });
  }
  const bySize = { 'x-amz-if-match-size': '1' };
  expect(await status('DELETE /photos/a', { as: dropper, headers: bySize })).toBe(403);
  const body = '<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>';
  expect((await call('POST /photos', { as: dropper, query: { delete: '' }, body })).text).toContain('AccessDenied');
  expect(await status('PUT /photos/a', { as: web, headers: { 'if-match': etag }, body: 'y' })).toBe(200);
  expect(await status('PUT /photos/b', { as: dropper, headers: { 'if-none-match': '*' }, body: 'y' })).toBe(200);
  expect(await status('DELETE /photos/b', { as: dropper, headers: { 'if-match': '*' } })).toBe(204);
});

test('a tag is not hidden behind one that differs in its case', async () => {
  const Condition = { StringEquals: { 's3:RequestObjectTag/class': 'open' } };
  const Resource = 'arn:aws:s3:::photos/*';
  await setPolicy({ Effect: 'Allow', Action: ['s3:PutObject', 's3:PutObjectTagging'], Resource, Condition });
  const put = (tags: string) => status('PUT /photos/a', { as: other, headers: { 'x-amz-tagging': tags }, body: 'x' });
  expect(await put('class=open')).toBe(200);
  expect(await put('Class=open&class=secret')).toBe(403);
  const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  const body = `<Tagging><TagSet>${tag('Class', 'open')}${tag('class', 'secret')}</TagSet></Tagging>`;
  expect(await status('PUT /photos/a', { as: other, query: { tagging: '' }, body })).toBe(403);
});

test('a form gives an object no metadata that no answer can have', async () => {
  for (const name of ['x-amz-meta-a b', 'x-amz-meta-é', 'x-amz-meta-a:b', 'x-amz-meta-(a)']) {
    const fields = signForm(web, { bucket: 'photos', fields: { key: 'a', [name]: 'x' } });
    const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
    const body = encodeForm(fields, { content: 'x' });
    expect(await call('POST /photos', { headers, body })).toMatchObject({ status: 400, code: 'InvalidArgument' });
  }
});

test('a form knows no time but now', async () => {
  const fields = signForm(web, { bucket: 'photos', fields: { key: 'a', 'x-holdfast-at': '2026-01-01T00:00:00Z' } });
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const body = encodeForm(fields, { content: 'x' });
  expect(await call('POST /photos', { headers, body })).toMatchObject({ status: 400, code: 'InvalidRequest' });
});

test('who asks for a log elsewhere learns nothing of buckets that are not theirs', async () => {
  for (const target of ['other', 'none']) {
    const body = `<BucketLoggingStatus><LoggingEnabled><TargetBucket>${target}</TargetBucket><TargetPrefix/></LoggingEnabled></BucketLoggingStatus>`;
    const answer = await call('PUT /photos', { as: ofPhotos, query: { logging: '' }, body });
    expect(answer).toMatchObject({ status: 403, code: 'AccessDenied' });
  }
});

test('what is read before anybody is asked is short', async () => {
  const Condition = { StringEquals: { 's3:RequestObjectTag/a': 'b' } };
  await setPolicy({ Action: 's3:PutObjectTagging', Resource: 'arn:aws:s3:::photos/*', Condition });
  const tag = (value: string) => `<Tagging><TagSet><Tag><Key>a</Key><Value>${value}</Value></Tag></TagSet></Tagging>`;
  const put = (body: string) => call('PUT /photos/a', { query: { tagging: '' }, body });
  expect(await put(tag('b'))).toMatchObject({ status: 403 });
  expect(await put(tag('b'.repeat(64 * 1024)))).toMatchObject({ status: 400, code: 'MaxMessageLengthExceeded' });
});

test('a list of deletions is read of those only who may delete something', async () => {
  const body = '<Delete><Object><Key>a</Key></Object></Delete>';
  const remove = (who = {}) => call('POST /photos', { ...who, query: { delete: '' }, body });
  await setPolicy({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' });
  expect(await remove()).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(await remove({ as: other })).toMatchObject({ status: 403, code: 'AccessDenied' });
  const Principal = { AWS: 'arn:aws:iam::000000000000:user/other/web' };
  await setPolicy({ Effect: 'Allow', Principal, Action: 's3:Delete*', Resource: 'arn:aws:s3:::photos/a' });
  expect(await remove()).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(await remove({ as: other })).toMatchObject({ status: 200, text: expect.stringContaining('<Deleted>') });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);
const query = { tagging: '' };

let gateway: TestGateway;
let call: TestGateway['call'];

beforeEach(async () => {
  gateway = await startTestGateway(operator, web, other);
  call = gateway.call;
  await gateway.store.createBucket('photos');
  await gateway.store.createBucket('other');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const document = (tags: string) => `<Tagging><TagSet>${tags}</TagSet></Tagging>`;
const setTags = (tags: string, { as = web, ...more }: { as?: typeof web; versionId?: string } = {}) =>
  call('PUT /photos/a', { as, query: { ...query, ...more }, body: document(tags) });
const put = (headers: Record<string, string> = {}, path: `/${string}` = '/photos/a') =>
  call(`PUT ${path}`, { as: web, headers, body: headers['x-amz-copy-source'] === undefined ? 'bytes' : '' });
const tagsOf = async (path: `/${string}`, as = web) =>
  [...(await call(`GET ${path}`, { as, query })).text.matchAll(/<Key>(.*?)<\/Key><Value>(.*?)<\/Value>/g)].map(
    ([, key, value]) => `${key}=${value}`,
  );
const count = async (path: `/${string}`, as?: typeof web) =>
  (await call(`HEAD ${path}`, as ? { as } : {})).headers['x-amz-tagging-count'];

describe('tags of an object', () => {
  test('are set, given back, counted and taken away', async () => {
    const { headers } = await put();
    expect(await tagsOf('/photos/a')).toEqual([]);
    expect(await count('/photos/a', web)).toBeUndefined();
    expect((await setTags(tag('team', 'größe 1&amp;') + tag('empty', ''))).status).toBe(400);
    expect((await setTags(tag('team', 'größe 1+=') + tag('empty', ''))).status).toBe(200);
    expect(await tagsOf('/photos/a')).toEqual(['team=größe 1+=', 'empty=']);
    expect(await count('/photos/a', web)).toBe('2');
    const after = await call('GET /photos/a', { as: web });
    expect(after).toMatchObject({ text: 'bytes', headers: { etag: headers.etag, 'x-amz-tagging-count': '2' } });
    expect(after.headers).not.toHaveProperty('x-amz-tagging');
    expect((await call('DELETE /photos/a', { as: web, query })).status).toBe(204);
    expect(await tagsOf('/photos/a')).toEqual([]);
  });

  test('come with the object, and go when it is written again', async () => {
    expect((await put({ 'x-amz-tagging': 'a=1&b=%C3%A4%20%2B&c' })).status).toBe(200);
    expect(await tagsOf('/photos/a')).toEqual(['a=1', 'b=ä +', 'c=']);
    await put();
    expect(await tagsOf('/photos/a')).toEqual([]);
  });

  test('come with an upload by parts', async () => {
    const headers = { 'x-amz-tagging': 'a=1' };
    const { text } = await call('POST /photos/big', { as: web, query: { uploads: '' }, headers });
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
    const part = await call('PUT /photos/big', { as: web, query: { partNumber: '1', uploadId }, body: 'x' });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    await call('POST /photos/big', { as: web, query: { uploadId }, body });
    expect(await tagsOf('/photos/big')).toEqual(['a=1']);
  });

  test('are copied, or replaced, apart from the metadata', async () => {
    await put({ 'x-amz-tagging': 'a=1', 'x-amz-meta-m': 'old' });
    const copy = async (headers: Record<string, string>) => {
      expect((await put({ 'x-amz-copy-source': 'photos/a', ...headers }, '/photos/b')).status).toBe(200);
      const { headers: answered } = await call('GET /photos/b', { as: web });
      return [await tagsOf('/photos/b'), answered['x-amz-meta-m']];
    };
    const replaced = { 'x-amz-metadata-directive': 'REPLACE', 'x-amz-meta-m': 'new' };
    const tagged = { 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'b=2' };
    expect(await copy({})).toEqual([['a=1'], 'old']);
    expect(await copy(replaced)).toEqual([['a=1'], 'new']);
    expect(await copy(tagged)).toEqual([['b=2'], 'old']);
    expect(await copy({ ...tagged, ...replaced })).toEqual([['b=2'], 'new']);
    expect(await copy({ 'x-amz-tagging-directive': 'REPLACE' })).toEqual([[], 'old']);
    const wrong = await put({ 'x-amz-copy-source': 'photos/a', 'x-amz-tagging-directive': 'MOVE' }, '/photos/b');
    expect(wrong).toMatchObject({ status: 400, code: 'InvalidArgument' });
  });

  test('are those of a version', async () => {
    await gateway.store.updateBucket('photos', { versioning: 'enabled' });
    const versionId = String((await put({ 'x-amz-tagging': 'v=1' })).headers['x-amz-version-id']);
    await put({ 'x-amz-tagging': 'v=2' });
    const changed = await setTags(tag('v', '1b'), { versionId });
    expect(changed).toMatchObject({ status: 200, headers: { 'x-amz-version-id': versionId } });
    expect(await tagsOf('/photos/a')).toEqual(['v=2']);
    const of = await call('GET /photos/a', { as: web, query: { ...query, versionId } });
    expect(of.text).toContain(tag('v', '1b'));
    await call('DELETE /photos/a', { as: web });
    expect(await setTags(tag('v', '3'))).toMatchObject({
      status: 404,
      code: 'NoSuchKey',
      headers: { 'x-amz-delete-marker': 'true' },
    });
    expect(await setTags('', { versionId: 'none' })).toMatchObject({ status: 404, code: 'NoSuchVersion' });
  });

  test('are not for whoever may only read the object', async () => {
    await gateway.store.updateBucket('photos', { accessibility: 'public' });
    await put({ 'x-amz-tagging': 'a=1' });
    expect((await call('GET /photos/a')).status).toBe(200);
    expect(await count('/photos/a')).toBeUndefined();
    expect((await call('GET /photos/a', { query })).status).toBe(403);
    expect((await setTags('', { as: other })).status).toBe(403);
    expect((await call('DELETE /photos/a', { as: other, query })).status).toBe(403);
    const headers = { 'x-amz-copy-source': 'photos/a' };
    expect((await call('PUT /other/a', { as: other, headers })).status).toBe(403);
    const without = { ...headers, 'x-amz-tagging-directive': 'REPLACE' };
    expect((await call('PUT /other/a', { as: other, headers: without })).status).toBe(200);
  });

  test.each([
    [tag('', 'x'), 'InvalidTag'],
    [tag('aws:mine', 'x'), 'InvalidTag'],
    [tag('k'.repeat(129), 'x'), 'InvalidTag'],
    [tag('k', 'x'.repeat(257)), 'InvalidTag'],
    [tag('k', '1') + tag('k', '2'), 'InvalidTag'],
    ['<Tag><Value>v</Value></Tag>', 'MalformedXML'],
    [Array.from({ length: 11 }, (_, i) => tag(`k${i}`, '')).join(''), 'BadRequest'],
  ])('%.60s is refused, and what was stays', async (tags, code) => {
    await put({ 'x-amz-tagging': 'a=1' });
    expect(await setTags(tags)).toMatchObject({ status: 400, code });
    expect(await tagsOf('/photos/a')).toEqual(['a=1']);
  });

  test('as large as they may be are kept', async () => {
    await put();
    const tags = Array.from({ length: 10 }, (_, i) => tag('語'.repeat(127) + i, '値'.repeat(256)));
    expect((await setTags(tags.join(''))).status).toBe(200);
    expect(await tagsOf('/photos/a')).toHaveLength(10);
  });

  test.each(['a=1&a=2', '=x', 'aws:x=1', 'a=!', 'a=1&b&c&d&e&f&g&h&i&j&k'])('%s is no header of tags', async (tags) => {
    expect((await put({ 'x-amz-tagging': tags })).status).toBe(400);
    expect((await call('HEAD /photos/a', { as: web })).status).toBe(404);
  });
});

describe('a policy', () => {
  const setPolicy = async (...statements: object[]) => {
    const body = JSON.stringify({ Version: '2012-10-17', Statement: statements });
    expect((await call('PUT /photos', { as: operator, query: { policy: '' }, body })).status).toBe(204);
  };
  const statement = (Effect: string, Action: string | string[], Condition: object) => ({
    ...{ Effect, Action, Condition, Principal: '*', Resource: 'arn:aws:s3:::photos/*' },
  });

  test('opens and closes objects by the tags they have', async () => {
    await put({ 'x-amz-tagging': 'shown=yes' });
    await put({ 'x-amz-tagging': 'shown=no' }, '/photos/b');
    await setPolicy(
      statement('Allow', 's3:GetObject', { StringEquals: { 's3:ExistingObjectTag/shown': 'yes' } }),
      statement('Deny', 's3:GetObjectTagging', { StringEquals: { 's3:ExistingObjectTag/shown': 'no' } }),
    );
    expect((await call('GET /photos/a')).status).toBe(200);
    expect((await call('GET /photos/b')).status).toBe(403);
    expect((await call('GET /photos/c')).status).toBe(403);
    expect([await tagsOf('/photos/a'), await tagsOf('/photos/b')]).toEqual([['shown=yes'], []]);
    expect(await count('/photos/b', web)).toBeUndefined();
    expect((await put({ 'x-amz-copy-source': 'photos/b' }, '/photos/d')).status).toBe(403);
    expect((await put({ 'x-amz-copy-source': 'photos/a' }, '/photos/d')).status).toBe(200);
    expect((await put()).status).toBe(200);
    expect((await call('GET /photos/a')).status).toBe(403);
  });

  test('limits the tags that are given, in a header and in a document', async () => {
    await put();
    await setPolicy(
      statement('Deny', 's3:PutObjectTagging', { StringNotEquals: { 's3:RequestObjectTag/team': 'web' } }),
      statement('Deny', ['s3:PutObject', 's3:PutObjectTagging'], {
        'ForAnyValue:StringEquals': { 's3:RequestObjectTagKeys': ['forbidden'] },
      }),
    );
    expect((await setTags(tag('team', 'web'))).status).toBe(200);
    expect((await setTags(tag('team', 'ops'))).status).toBe(403);
    expect((await setTags(tag('team', 'web') + tag('forbidden', ''))).status).toBe(403);
    expect((await put({ 'x-amz-tagging': 'team=web' })).status).toBe(200);
    expect((await put({ 'x-amz-tagging': 'team=ops' })).status).toBe(403);
    expect((await put({ 'x-amz-tagging': 'team=web&forbidden' })).status).toBe(403);
    expect((await setTags(tag('team', 'web'), { as: other })).status).toBe(403);
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BOUNDARY, encodeForm, type PostForm, signForm } from '../../../tests/support/post-form.ts';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import { objectTags } from '../object-tags.ts';

const web = testKey('photos/web', ['photos']);
const operator = testKey('operator', '*');

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator, web);
  await gateway.store.createBucket('photos');
  await gateway.store.createBucket('other');
});
afterEach(() => gateway[Symbol.asyncDispose]());

interface Post {
  readonly path?: `/${string}`;
  readonly content?: string;
  readonly filename?: string;
  readonly headers?: Record<string, string>;
}

const post = (fields: Record<string, string>, { path = '/photos', content = 'hello', filename, headers }: Post = {}) =>
  gateway.call(`POST ${path}`, {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    body: encodeForm(fields, { content, ...(filename ? { name: filename } : {}) }),
  });
const signed = (fields: Record<string, string>, more: Partial<PostForm> = {}) =>
  signForm(web, { bucket: 'photos', fields: { key: 'a', ...fields }, ...more });
const stored = async (key: string) => {
  const read = await gateway.store.open('photos', key);
  const bytes: Uint8Array[] = [];
  for await (const chunk of read.body()) bytes.push(chunk);
  read.release();
  return { text: Buffer.concat(bytes).toString(), metadata: read.info.metadata };
};

describe('a form that is signed', () => {
  test('stores its file with what the fields say', async () => {
    const answer = await post(
      signed(
        {
          key: `in/\${filename}`,
          'Content-Type': 'image/png',
          'Cache-Control': 'no-store',
          'x-amz-meta-Colour': 'grün',
          acl: 'public-read',
          tagging: '<Tagging><TagSet><Tag><Key>a</Key><Value>b c</Value></Tag></TagSet></Tagging>',
        },
        { conditions: [['starts-with', '$key', 'in/']] },
      ),
      { filename: 'größe.png' },
    );
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(answer.headers).toMatchObject({
      etag: '"5d41402abc4b2a76b9719d911017c592"',
      location: expect.stringMatching(/\/photos\/in\/gr%C3%B6%C3%9Fe\.png$/),
    });
    const { text, metadata } = await stored('in/größe.png');
    expect(text).toBe('hello');
    expect(metadata).toMatchObject({ contentType: 'image/png', headers: { 'cache-control': 'no-store' } });
    expect(objectTags(metadata)).toEqual([{ key: 'a', value: 'b c' }]);
    expect(Buffer.from(metadata.user.colour ?? '', 'latin1').toString()).toBe('grün');
    expect((await gateway.call('GET /photos/in/gr%C3%B6%C3%9Fe.png')).status).toBe(200);
  });

  test.each([
    ['200', 200],
    ['204', 204],
    ['500', 204],
  ])('answers as success_action_status %s says: %i', async (status, expected) => {
    expect(await post(signed({ success_action_status: status }))).toMatchObject({ status: expected, text: '' });
  });

  test('answers 201 with a document', async () => {
    const { status, text } = await post(signed({ success_action_status: '201' }));
    expect(status).toBe(201);
    expect(text).toMatch(/<PostResponse.*<Bucket>photos<\/Bucket><Key>a<\/Key><ETag>&quot;5d41/);
  });

  test('sends the browser on', async () => {
    const { status, headers } = await post(signed({ success_action_redirect: 'https://app.test/done?x=1' }));
    expect(status).toBe(303);
    expect(headers.location).toBe(
      'https://app.test/done?x=1&bucket=photos&key=a&etag=%225d41402abc4b2a76b9719d911017c592%22',
    );
    for (const nowhere of ['/done', 'javascript:alert(1)']) {
      expect((await post(signed({ success_action_redirect: nowhere }))).status).toBe(204);
    }
  });

  test.each<[string, number, string, Record<string, string>, Partial<PostForm>]>([
    ['another key than its policy says', 403, 'AccessDenied', { key: 'b' }, {}],
    ['a field its policy does not know', 403, 'AccessDenied', { acl: 'public-read' }, {}],
    ['a policy that was changed', 403, 'SignatureDoesNotMatch', { Policy: 'e30=' }, {}],
    ['a policy of another key', 403, 'InvalidAccessKeyId', { 'X-Amz-Credential': 'K/20260101/r/s3/aws4_request' }, {}],
    ['a policy that has expired', 403, 'AccessDenied', {}, { expiresAt: Date.now() - 1 }],
    ['a policy for another bucket', 403, 'AccessDenied', {}, { bucket: 'other' }],
    ['too large a file', 400, 'EntityTooLarge', {}, { conditions: [['content-length-range', 0, 4]] }],
    ['too small a file', 400, 'EntityTooSmall', {}, { conditions: [['content-length-range', 6, 9]] }],
    ['another MD5', 400, 'BadDigest', {}, { fields: { key: 'a', 'Content-MD5': 'XrY7u+Ae7tCTyyK7j1rNww==' } }],
    ['another checksum', 400, 'BadDigest', {}, { fields: { key: 'a', 'x-amz-checksum-crc32': 'AAAAAA==' } }],
    ['a canned ACL that does not exist', 400, 'InvalidArgument', {}, { fields: { key: 'a', acl: 'everyone' } }],
    ['a value that is no header', 400, 'InvalidArgument', {}, { fields: { key: 'a', 'x-amz-meta-a': 'a\r\nb: c' } }],
    ['no key', 400, 'InvalidArgument', {}, { fields: {} }],
    ['too long a key', 400, 'KeyTooLongError', {}, { fields: { key: 'a'.repeat(1025) } }],
    ['Signature V2', 400, 'InvalidRequest', { AWSAccessKeyId: 'x', Signature: 'y' }, {}],
    ['a session token', 400, 'InvalidToken', { 'X-Amz-Security-Token': 'x' }, {}],
  ])('is refused with %s', async (_what, status, code, changed, more) => {
    const now = Date.now();
    const fields = { ...signed({}, { now, ...more }), ...changed };
    if ('X-Amz-Credential' in changed) fields['X-Amz-Date'] = '20260101T000000Z';
    expect(await post(fields)).toMatchObject({ status, code });
    expect((await gateway.store.list({ bucket: 'photos', limit: 10 })).objects).toEqual([]);
  });

  test.each(['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature', 'Policy'])(
    'is refused without %s',
    async (name) => {
      const { [name]: _without, ...fields } = signed({});
      expect(await post(fields)).toMatchObject({ status: 400, code: 'InvalidArgument' });
    },
  );

  test('has the rights of its key and no more', async () => {
    const fields = signForm(web, { bucket: 'other', fields: { key: 'a' } });
    expect(await post(fields, { path: '/other' })).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect((await post(signForm(operator, { bucket: 'other', fields: { key: 'a' } }), { path: '/other' })).status).toBe(
      204,
    );
    const missing = signForm(operator, { bucket: 'missing', fields: { key: 'a' } });
    expect(await post(missing, { path: '/missing' })).toMatchObject({ status: 404, code: 'NoSuchBucket' });
  });

  test('is told from other uploads to who follows the changes', async () => {
    const { position: from } = await gateway.store.changes.subscribe('test');
    await post(signed({}));
    const { changes } = await gateway.store.changes.read({ from });
    expect(changes).toMatchObject([{ kind: 'created', key: 'a', origin: 'post' }]);
  });

  test('is not signed by a header too', async () => {
    expect((await post(signed({}), { headers: { authorization: 'AWS4-HMAC-SHA256 x' } })).code).toBe('InvalidRequest');
  });

  test('reaches the bucket by its host', async () => {
    expect((await post(signed({}), { path: '/', headers: { host: 'photos.s3.localhost' } })).status).toBe(204);
  });
});

describe('a form that nobody signed', () => {
  const allow = (more: object = {}) =>
    gateway.store.updateBucket('photos', {
      documents: {
        policy: JSON.stringify({
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::photos/in/*', ...more },
          ],
        }),
      },
    });

  test('is taken where the policy of the bucket lets everyone write', async () => {
    expect(await post({ key: 'in/a' })).toMatchObject({ status: 403, code: 'AccessDenied' });
    await allow();
    expect((await post({ key: 'in/a' })).status).toBe(204);
    expect((await post({ key: 'out/a' })).status).toBe(403);
    expect(await post({ key: 'in/a', acl: 'public-read' })).toMatchObject({ status: 403, code: 'AccessDenied' });
  });

  test('is told from a signed one by the policy', async () => {
    await allow({ Condition: { StringEquals: { 's3:authType': 'POST' } } });
    expect((await post({ key: 'in/a' })).status).toBe(403);
    expect((await post(signForm(web, { bucket: 'photos', fields: { key: 'in/a' } }))).status).toBe(204);
  });

  test('needs a file and a key, and comes as multipart/form-data', async () => {
    await allow();
    const form = { headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } };
    expect(await gateway.call('POST /photos', { ...form, body: encodeForm({ key: 'in/a' }) })).toMatchObject({
      status: 400,
      code: 'InvalidArgument',
    });
    expect(await post({ other: 'a' })).toMatchObject({ status: 400, code: 'InvalidArgument' });
    expect(await gateway.call('POST /photos', { as: web, body: 'key=a' })).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
    });
  });
});

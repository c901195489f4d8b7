import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);

let gateway: TestGateway;
let call: TestGateway['call'];

beforeEach(async () => {
  gateway = await startTestGateway(operator, web, other);
  call = gateway.call;
  await gateway.store.createBucket('photos');
  await gateway.store.createBucket('other');
  for (const key of ['a', 'public/b', 'private/c']) await call(`PUT /photos/${key}`, { as: web, body: key });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const statement = (more: object = {}) => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::photos/*',
  ...more,
});
const setPolicy = (...statements: object[]) =>
  call('PUT /photos', {
    as: operator,
    query: { policy: '' },
    body: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  });
const status = async (...request: Parameters<TestGateway['call']>) => (await call(...request)).status;
const LIST = { Action: 's3:ListBucket', Resource: 'arn:aws:s3:::photos' };

describe('a bucket policy', () => {
  test('is set, given back as it was, and taken away', async () => {
    expect(await call('GET /photos', { as: operator, query: { policy: '' } })).toMatchObject({
      status: 404,
      code: 'NoSuchBucketPolicy',
    });
    const body = `{ "Statement": [${JSON.stringify(statement())}] }`;
    expect(await status('PUT /photos', { as: operator, query: { policy: '' }, body })).toBe(204);
    expect((await call('GET /photos', { as: web, query: { policy: '' } })).text).toBe(body);
    const { text } = await call('GET /photos', { as: operator, query: { policyStatus: '' } });
    expect(text).toContain('<IsPublic>true</IsPublic>');
    expect(await status('GET /photos/a')).toBe(200);
    expect(await status('DELETE /photos', { as: operator, query: { policy: '' } })).toBe(204);
    expect(await status('GET /photos/a')).toBe(403);
  });

  test('is for operators to change', async () => {
    const body = JSON.stringify({ Statement: [statement()] });
    for (const as of [web, other, undefined]) {
      expect(await status('PUT /photos', { ...(as ? { as } : {}), query: { policy: '' }, body })).toBe(403);
    }
  });

  test('opens the attributes of an object with its bytes only', async () => {
    const attributes = async () =>
      status('GET /photos/a', { query: { attributes: '' }, headers: { 'x-amz-object-attributes': 'ObjectSize' } });
    await gateway.store.updateBucket('photos', { accessibility: 'public' });
    expect(await attributes()).toBe(403);
    await gateway.store.updateBucket('photos', { accessibility: 'private' });
    await setPolicy(statement({ Action: 's3:GetObjectAttributes' }));
    expect(await attributes()).toBe(403);
    await setPolicy(statement({ Action: ['s3:GetObjectAttributes', 's3:GetObject'] }));
    expect(await attributes()).toBe(200);
  });

  test('that is malformed is refused, and the one before stays', async () => {
    await setPolicy(statement());
    expect(await setPolicy(statement({ Action: 's3:Everything' }))).toMatchObject({
      status: 400,
      code: 'MalformedPolicy',
    });
    const body = ' '.repeat(21 * 1024);
    expect(await call('PUT /photos', { as: operator, query: { policy: '' }, body })).toMatchObject({
      status: 400,
      code: 'MalformedPolicy',
    });
    expect(await status('GET /photos/a')).toBe(200);
  });

  const held = (Action: string | string[], key: string) =>
    statement({ Effect: 'Deny', Action, Condition: { StringEquals: { [key]: 'x' } } });

  test.each<[string | string[], string]>([
    ['s3:DeleteObject', 's3:ExistingObjectTag/hold'],
    [['s3:GetObject', 's3:PutObject'], 's3:ExistingObjectTag/hold'],
    [['s3:DeleteObject*', 's3:AbortMultipart*'], 's3:ExistingObjectTag/hold'],
    ['s3:GetObject', 's3:RequestObjectTag/hold'],
    ['s3:GetObject', 's3:RequestObjectTagKeys'],
    ['s3:GetObject', 's3:prefix'],
    ['s3:GetObject', 's3:VersionId'],
    ['s3:DeleteObject', 's3:object-lock-mode'],
    ['s3:GetObject', 's3:x-amz-acl'],
    ['s3:DeleteObject', 's3:x-amz-copy-source'],
  ])('is refused where %j never has %s, and would never apply', async (actions, key) => {
    const policy = held(actions, key);
    expect(await setPolicy(policy)).toMatchObject({ status: 400, code: 'MalformedPolicy' });
    // One that was taken once stays what it was.
    const documents = { policy: JSON.stringify({ Statement: [policy] }) };
    await gateway.store.updateBucket('photos', { documents });
    expect(await status('GET /photos/a', { as: web })).toBe(200);
  });

  test.each<[string | string[], string]>([
    ['s3:*', 's3:ExistingObjectTag/hold'],
    [['s3:GetObject', 's3:GetObjectVersion', 's3:PutObjectTagging'], 's3:ExistingObjectTag/hold'],
    ['s3:Put*', 's3:RequestObjectTagKeys'],
    [['s3:GetObjectVersion', 's3:DeleteObjectVersion'], 's3:VersionId'],
    [['s3:PutObject', 's3:PutObjectRetention', 's3:BypassGovernanceRetention'], 's3:object-lock-mode'],
    [['s3:PutObject', 's3:PutObjectAcl'], 's3:x-amz-acl'],
    [['s3:GetObject', 's3:DeleteObject'], 'aws:Referer'],
    [['s3:PutObject', 's3:DeleteObject'], 's3:if-match'],
  ])('is taken where %j has %s', async (actions, key) => {
    expect((await setPolicy(held(actions, key))).status).toBe(204);
  });

  test('opens what it names to everyone, and no more', async () => {
    await setPolicy(
      statement({ Resource: 'arn:aws:s3:::photos/public/*' }),
      statement({ ...LIST, Condition: { StringLike: { 's3:prefix': 'public/*' } } }),
    );
    expect(await status('GET /photos/public/b')).toBe(200);
    expect(await status('HEAD /photos/public/b')).toBe(200);
    expect(await status('GET /photos/a')).toBe(403);
    expect(await status('PUT /photos/public/b', { body: 'x' })).toBe(403);
    expect(await status('DELETE /photos/public/b')).toBe(403);
    expect(await status('GET /photos', { query: { 'list-type': '2', prefix: 'public/' } })).toBe(200);
    expect(await status('GET /photos', { query: { prefix: '' } })).toBe(403);
    expect(await status('GET /photos')).toBe(403);
  });

  test.each(['ObjectWriter', 'BucketOwnerEnforced'] as const)(
    'that lets list a prefix tells what is not there in it (%s)',
    async (ownership) => {
      await gateway.store.updateBucket('photos', { documents: { ownership } });
      const Condition = { StringLike: { 's3:prefix': 'public/*' } };
      await setPolicy(statement({ ...LIST, Condition }), statement({ ...LIST, Action: 's3:ListBucketVersions' }));
      expect(await call('GET /photos/public/none')).toMatchObject({ status: 404, code: 'NoSuchKey' });
      expect(await status('HEAD /photos/public/none')).toBe(404);
      expect(await status('GET /photos/none')).toBe(403);
      expect(await status('GET /photos/none', { query: { prefix: 'public/' } })).toBe(403);
      expect(await status('GET /photos/public/b')).toBe(403);
      expect(await status('GET /photos/public/b', { query: { versionId: 'null' } })).toBe(403);
      expect(await status('GET /photos/none', { query: { versionId: 'null' } })).toBe(404);
    },
  );

  test('lets a page upload without a key where it says so', async () => {
    await setPolicy(statement({ Action: 's3:PutObject', Resource: 'arn:aws:s3:::photos/inbox/*' }));
    expect(await status('PUT /photos/inbox/1', { body: 'x' })).toBe(200);
    expect(await status('PUT /photos/1', { body: 'x' })).toBe(403);
    expect(await status('GET /photos/inbox/1')).toBe(403);
  });

  test('that denies locks out even those whose key reaches the bucket', async () => {
    await setPolicy(
      statement({ Effect: 'Deny', Action: 's3:*', Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'] }),
    );
    expect(await status('GET /photos/a', { as: web })).toBe(403);
    expect(await status('GET /photos/a', { as: operator })).toBe(403);
    expect(await status('GET /photos', { as: operator, query: { cors: '' } })).toBe(403);
    expect(await status('DELETE /photos', { as: operator, query: { policy: '' } })).toBe(204);
    expect(await status('GET /photos/a', { as: web })).toBe(200);
  });

  test('shares a bucket with another service', async () => {
    const Principal = { AWS: 'arn:aws:iam::000000000000:user/other/web' };
    expect(await status('GET /photos/a', { as: other })).toBe(403);
    await setPolicy(statement({ Principal }));
    expect(await status('GET /photos/a', { as: other })).toBe(200);
    expect(await status('GET /photos/a')).toBe(403);
    const headers = { 'x-amz-copy-source': 'photos/a' };
    expect(await status('PUT /other/copy', { as: other, headers })).toBe(200);
    await setPolicy(statement({ Principal, Resource: 'arn:aws:s3:::photos/public/*' }));
    expect(await status('PUT /other/copy', { as: other, headers })).toBe(403);
  });

  test('decides of each key that DeleteObjects names', async () => {
    const body = '<Delete><Object><Key>a</Key></Object><Object><Key>private/c</Key></Object></Delete>';
    const query = { delete: '' };
    expect(await status('POST /photos', { query, body })).toBe(403);
    await setPolicy(
      statement({ Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::photos/a' }),
      statement({ Effect: 'Deny', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::photos/private/*' }),
    );
    for (const call_ of [
      { query, body },
      { as: web, query, body },
    ]) {
      const { text } = await call('POST /photos', call_);
      expect(text).toContain('<Deleted><Key>a</Key></Deleted>');
      expect(text).toContain('<Error><Key>private/c</Key><Code>AccessDenied</Code>');
    }
  });

  test.each<[object, Readonly<Record<string, string>>, number]>([
    [{ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, {}, 200],
    [{ NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, {}, 403],
    [{ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'x-forwarded-for': '10.0.0.1' }, 403],
    [{ Bool: { 'aws:SecureTransport': 'true' } }, { 'x-forwarded-proto': 'https' }, 403],
    [{ StringLike: { 'aws:Referer': 'https://app.example/*' } }, { referer: 'https://app.example/x' }, 200],
    [{ StringLike: { 'aws:Referer': 'https://app.example/*' } }, {}, 403],
    [{ StringEquals: { 'aws:UserAgent': 'me' } }, { 'user-agent': 'me' }, 200],
    [{ Null: { 's3:authType': 'true' } }, {}, 200],
    [{ DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, {}, 200],
    [{ NumericLessThan: { 'aws:EpochTime': '1000' } }, {}, 403],
  ])('with the condition %j and %j answers %i', async (Condition, headers, expected) => {
    await setPolicy(statement({ Condition }));
    expect(await status('GET /photos/a', { headers })).toBe(expected);
  });

  test('can ask how a request was signed, and for which ACL', async () => {
    const deny = { Effect: 'Deny', Action: 's3:PutObject' };
    await setPolicy(statement({ ...deny, Condition: { StringEquals: { 's3:x-amz-acl': 'bucket-owner-read' } } }));
    expect(await status('PUT /photos/a', { as: web, headers: { 'x-amz-acl': 'bucket-owner-read' } })).toBe(403);
    expect(await status('PUT /photos/a', { as: web, headers: { 'x-amz-acl': 'private' } })).toBe(200);
    await setPolicy(statement({ ...deny, Condition: { StringEquals: { 's3:authType': 'REST-HEADER' } } }));
    expect(await status('PUT /photos/a', { as: web })).toBe(403);
  });
});

describe('the public access block', () => {
  const block = (xml: string, as = operator) =>
    call('PUT /photos', {
      as,
      query: { publicAccessBlock: '' },
      body: `<PublicAccessBlockConfiguration>${xml}</PublicAccessBlockConfiguration>`,
    });

  test('is set by operators, given back and taken away', async () => {
    const get = () => call('GET /photos', { as: web, query: { publicAccessBlock: '' } });
    expect(await get()).toMatchObject({ status: 404, code: 'NoSuchPublicAccessBlockConfiguration' });
    expect((await block('<BlockPublicPolicy>true</BlockPublicPolicy>', web)).status).toBe(403);
    expect(await block('<BlockPublicPolicy>yes</BlockPublicPolicy>')).toMatchObject({
      status: 400,
      code: 'MalformedXML',
    });
    expect((await block('<BlockPublicPolicy>true</BlockPublicPolicy>')).status).toBe(200);
    expect((await get()).text).toContain(
      '<BlockPublicAcls>false</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>' +
        '<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>false</RestrictPublicBuckets>',
    );
    expect(await status('DELETE /photos', { as: operator, query: { publicAccessBlock: '' } })).toBe(204);
    expect((await get()).status).toBe(404);
  });

  test('refuses public policies', async () => {
    await block('<BlockPublicPolicy>true</BlockPublicPolicy>');
    expect(await setPolicy(statement())).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect((await setPolicy(statement({ Principal: { AWS: '000000000000' } }))).status).toBe(204);
  });

  test('closes a bucket that is public already', async () => {
    await setPolicy(statement());
    expect(await status('GET /photos/a')).toBe(200);
    await block('<RestrictPublicBuckets>true</RestrictPublicBuckets>');
    expect(await status('GET /photos/a')).toBe(403);
    expect(await status('GET /photos/a', { as: other })).toBe(200);
    await gateway.store.updateBucket('photos', { accessibility: 'public' });
    expect(await status('GET /photos/a')).toBe(403);
  });
});

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

/** Ways around a policy, a block or the scope of a key. */

const operator = testKey('operator', '*');
const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);
const below = testKey('key:below', [{ bucket: 'photos', prefix: 'in/', access: 'read-write' }]);
const VARIABLE = ['$', '{'].join('');

let gateway: TestGateway;
let call: TestGateway['call'];
const status = async (...request: Parameters<TestGateway['call']>) => (await call(...request)).status;
const statement = (more: object) => ({ Effect: 'Allow', Principal: '*', Resource: 'arn:aws:s3:::photos/*', ...more });
const setPolicy = async (...statements: object[]) => {
  const body = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  expect((await call('PUT /photos', { as: operator, query: { policy: '' }, body })).text).toBe('');
};

beforeEach(async () => {
  gateway = await startTestGateway(operator, web, other, below);
  call = gateway.call;
  await gateway.store.createBucket('photos', { versioning: 'enabled' });
  await gateway.store.createBucket('other');
  for (const key of ['a', 'secret', 'in/a']) await call(`PUT /photos/${key}`, { as: operator, body: key });
});
afterEach(() => gateway[Symbol.asyncDispose]());

describe('a version that a policy denies', () => {
  let versionId: string;

  beforeEach(async () => {
    versionId = String((await call('PUT /photos/secret', { as: operator, body: 'x' })).headers['x-amz-version-id']);
    const Condition = { StringEquals: { 's3:VersionId': versionId } };
    await setPolicy(
      statement({ Effect: 'Deny', Action: ['s3:GetObjectVersion', 's3:DeleteObjectVersion'], Condition }),
    );
  });

  test('is not read, also not by a copy', async () => {
    expect(await status('GET /photos/secret', { as: web, query: { versionId } })).toBe(403);
    const headers = { 'x-amz-copy-source': `photos/secret?versionId=${versionId}` };
    expect(await status('PUT /photos/copy', { as: web, headers })).toBe(403);
    // A version in the query of the copy is not the source's, and not the copy's either.
    expect(await status('PUT /photos/copy', { as: web, headers, query: { versionId: 'null' } })).toBe(400);
  });

  test('is not deleted, also not with others', async () => {
    const body = `<Delete><Object><Key>secret</Key><VersionId>${versionId}</VersionId></Object></Delete>`;
    expect((await call('POST /photos', { as: web, query: { delete: '' }, body })).text).toContain('AccessDenied');
    expect(await status('GET /photos/secret', { as: operator })).toBe(200);
  });
});

test.each(['photos/secret', '/photos/secret', 'photos/%73ecret', 'photos%2Fsecret', '%2fphotos/secret'])(
  'a copy source that a policy denies is denied as %s',
  async (source) => {
    const Condition = { StringLike: { 's3:x-amz-copy-source': 'photos/secret*' } };
    await setPolicy(statement({ Effect: 'Deny', Action: 's3:PutObject', Condition }));
    const headers = { 'x-amz-copy-source': source };
    expect(await status('PUT /photos/copy', { as: web, headers })).toBe(403);
    const version = { 'x-amz-copy-source': `${source}?versionId=null` };
    expect(await status('PUT /photos/copy', { as: web, headers: version })).toBe(403);
    expect(await status('PUT /photos/copy', { as: web, headers: { 'x-amz-copy-source': 'photos/a' } })).toBe(200);
  },
);

test('a copy source with an empty version is none', async () => {
  const headers = { 'x-amz-copy-source': 'photos/a?versionId=' };
  expect(await call('PUT /photos/copy', { as: web, headers })).toMatchObject({ status: 400, code: 'InvalidArgument' });
});

test('an upload is reached by its own key alone', async () => {
  const started = await call('POST /photos/secret', { as: operator, query: { uploads: '' } });
  const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(started.text)?.[1] ?? '';
  const query = { partNumber: '1', uploadId };
  expect(await call('PUT /photos/in/a', { as: below, query, body: 'x' })).toMatchObject({ code: 'NoSuchUpload' });
  const source = { 'x-amz-copy-source': 'photos/in/a' };
  expect(await call('PUT /photos/in/a', { as: below, query, headers: source })).toMatchObject({ code: 'NoSuchUpload' });
  expect(await call('GET /photos/in/a', { as: below, query: { uploadId } })).toMatchObject({ code: 'NoSuchUpload' });
  expect(await call('DELETE /photos/in/a', { as: below, query: { uploadId } })).toMatchObject({ code: 'NoSuchUpload' });
  const body =
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>';
  expect(await call('POST /photos/in/a', { as: below, query: { uploadId }, body })).toMatchObject({
    code: 'NoSuchUpload',
  });
});

test('keys are told apart as the store does it, not as text looks', async () => {
  await setPolicy(statement({ Effect: 'Deny', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::photos/\ufffd' }));
  await call('PUT /photos/%EF%BF%BD', { body: 'x' });
  for (const reference of ['&#xD800;', '&#55296;']) {
    const body = `<Delete><Object><Key>${reference}</Key></Object></Delete>`;
    expect(await call('POST /photos', { as: web, query: { delete: '' }, body })).toMatchObject({
      code: 'MalformedXML',
    });
  }
});

test('no policy gives strangers a say in who may do what', async () => {
  const Resource = ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'];
  await setPolicy(statement({ NotAction: 's3:GetObject', Resource }));
  expect(await status('GET /photos', { query: { 'list-type': '2' } })).toBe(200);
  const body = JSON.stringify({ Statement: [statement({ Action: 's3:*', Resource })] });
  const acl = { 'x-amz-acl': 'public-read' };
  for (const as of [undefined, other, below]) {
    const who = as ? { as } : {};
    expect(await status('PUT /photos', { ...who, query: { policy: '' }, body })).toBe(403);
    expect(await status('DELETE /photos', { ...who, query: { policy: '' } })).toBe(403);
    expect(await status('PUT /photos', { ...who, query: { acl: '' }, headers: acl })).toBe(403);
    expect(await status('DELETE /photos', { ...who, query: { publicAccessBlock: '' } })).toBe(403);
    expect(await status('DELETE /photos', who)).toBe(403);
  }
});

test('everyone has a folder of their own', async () => {
  const own = `arn:aws:s3:::photos/home/${VARIABLE}aws:username}/*`;
  await setPolicy(statement({ Action: ['s3:GetObject', 's3:PutObject'], Resource: own }));
  expect(await status('PUT /photos/home/other/web/x', { as: other, body: 'x' })).toBe(200);
  expect(await status('PUT /photos/home/photos/web/x', { as: other, body: 'x' })).toBe(403);
  expect(await status('GET /photos/home/other/web/x')).toBe(403);
  expect(await status('PUT /photos/home//x', { body: 'x' })).toBe(403);
});

test('only what is not there yet may be written, where a policy says so', async () => {
  await setPolicy(
    statement({
      Effect: 'Deny',
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    }),
  );
  expect(await status('PUT /photos/new', { as: web, body: 'x' })).toBe(403);
  expect(await status('PUT /photos/new', { as: web, body: 'x', headers: { 'if-none-match': '*' } })).toBe(200);
  const started = await call('POST /photos/big', { as: web, query: { uploads: '' } });
  const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(started.text)?.[1] ?? '';
  const part = await call('PUT /photos/big', { as: web, query: { uploadId, partNumber: '1' }, body: 'x' });
  expect(part.status).toBe(200);
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
  expect(await status('POST /photos/big', { as: web, query: { uploadId }, body })).toBe(403);
  const headers = { 'if-none-match': '*' };
  expect(await status('POST /photos/big', { as: web, query: { uploadId }, body, headers })).toBe(200);
});

describe('a request that means two things', () => {
  const raw = async (head: string) => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.end(`${head}\r\nConnection: close\r\n\r\n`);
    return text(socket);
  };

  beforeEach(() => gateway.store.updateBucket('photos', { accessibility: 'public' }));

  test('by two hosts is refused', async () => {
    expect(await raw('GET /a HTTP/1.1\r\nHost: photos.s3.localhost')).toContain('200 OK');
    const two = await raw('GET /a HTTP/1.1\r\nHost: photos.s3.localhost\r\nHost: other.s3.localhost');
    expect(two).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ['/photos/%61', 200],
    ['/photos%2Fa', 200],
    ['//photos/a', 403],
    ['/./photos/a', 403],
    ['/other/../photos/a', 403],
    ['/photos/../photos/a', 404],
    ['/photos//a', 404],
    ['/photos/a%00', 404],
    ['/photos/a?uploadId=x', 403],
    ['/photos/a?acl', 403],
    ['/photos/?prefix=a', 403],
    ['/photos/%zz', 400],
    ['/photos/%c0%af', 400],
  ])('by its path: %s answers %i', async (path, expected) => {
    expect(await raw(`GET ${path} HTTP/1.1\r\nHost: x`)).toMatch(new RegExp(`^HTTP/1\\.1 ${expected} `));
  });
});

test('what a query says of the answer is a header value or refused', async () => {
  for (const value of ['a\u0001', 'a\r\nb: c', 'a\u007f']) {
    const query = { 'response-content-type': value };
    expect(await call('GET /photos/a', { as: web, query })).toMatchObject({ status: 400, code: 'InvalidArgument' });
  }
});

describe('the public access block', () => {
  const block = (name: string) => {
    const body = `<PublicAccessBlockConfiguration><${name}>true</${name}></PublicAccessBlockConfiguration>`;
    return call('PUT /photos', { as: operator, query: { publicAccessBlock: '' }, body });
  };
  const PUBLIC = { 'x-amz-acl': 'public-read' };

  test('BlockPublicAcls takes no public ACL, by whichever way it comes', async () => {
    await block('BlockPublicAcls');
    expect(await status('PUT /photos/x', { as: web, headers: PUBLIC, body: 'x' })).toBe(403);
    expect(await status('POST /photos/x', { as: web, headers: PUBLIC, query: { uploads: '' } })).toBe(403);
    const copy = { ...PUBLIC, 'x-amz-copy-source': 'photos/a' };
    expect(await status('PUT /photos/x', { as: web, headers: copy })).toBe(403);
    expect(await status('PUT /photos/a', { as: web, headers: PUBLIC, query: { acl: '' } })).toBe(403);
    expect(await status('PUT /photos', { as: operator, headers: PUBLIC, query: { acl: '' } })).toBe(403);
    expect(await status('GET /photos/x')).toBe(403);
  });

  test('IgnorePublicAcls closes what ACLs have opened, and their copies', async () => {
    expect(await status('PUT /photos/x', { as: web, headers: PUBLIC, body: 'x' })).toBe(200);
    expect(await status('GET /photos/x')).toBe(200);
    await block('IgnorePublicAcls');
    expect(await status('GET /photos/x')).toBe(403);
    expect(await status('GET /photos/x', { as: other })).toBe(403);
    expect(await status('PUT /other/x', { as: other, headers: { 'x-amz-copy-source': 'photos/x' } })).toBe(403);
  });

  test('RestrictPublicBuckets leaves strangers what a policy that is not public gives them', async () => {
    const Condition = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } };
    await setPolicy(statement({ Action: 's3:GetObject', Condition }));
    await block('RestrictPublicBuckets');
    expect(await status('GET /photos/a')).toBe(200);
    await setPolicy(statement({ Action: 's3:GetObject', Condition }), statement({ Action: 's3:GetObjectVersion' }));
    expect(await status('GET /photos/a')).toBe(403);
  });
});

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
});
afterEach(() => gateway[Symbol.asyncDispose]());

const status = async (...request: Parameters<TestGateway['call']>) => (await call(...request)).status;
const put = (key: string, acl: string, more: object = {}) =>
  call(`PUT /photos/${key}`, { as: web, headers: { 'x-amz-acl': acl, ...more }, body: key });
const setOwnership = (rule: string, as = operator) =>
  call('PUT /photos', {
    as,
    query: { ownershipControls: '' },
    body: `<OwnershipControls><Rule><ObjectOwnership>${rule}</ObjectOwnership></Rule></OwnershipControls>`,
  });
const block = (name: string) =>
  call('PUT /photos', {
    as: operator,
    query: { publicAccessBlock: '' },
    body: `<PublicAccessBlockConfiguration><${name}>true</${name}></PublicAccessBlockConfiguration>`,
  });

describe('the ACL of an object', () => {
  test.each([
    ['public-read', 200, 200],
    ['authenticated-read', 403, 200],
    ['private', 403, 403],
    ['bucket-owner-full-control', 403, 403],
    ['bucket-owner-read', 403, 403],
  ])('%s answers %i to everyone, %i to another key', async (acl, anyone, another) => {
    expect((await put('a', acl)).status).toBe(200);
    expect(await status('GET /photos/a')).toBe(anyone);
    expect(await status('HEAD /photos/a')).toBe(anyone);
    expect(await status('GET /photos/a', { as: other })).toBe(another);
    expect(await status('PUT /photos/a', { as: other })).toBe(403);
    expect(await status('DELETE /photos/a')).toBe(403);
  });

  test('is not for others to see, nor is what does not exist', async () => {
    await put('a', 'public-read');
    expect((await call('GET /photos/a')).headers).not.toHaveProperty('x-amz-acl');
    expect(await status('GET /photos/a', { query: { acl: '' } })).toBe(403);
    expect(await call('GET /photos/missing')).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await status('GET /photos')).toBe(403);
    const { text } = await call('GET /photos/a', { as: web, query: { acl: '' } });
    expect(text).toContain('xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>');
    expect(text).toContain('<Permission>READ</Permission>');
  });

  test('goes when the object is written again, and stays behind when it is copied', async () => {
    await put('a', 'public-read', { 'x-amz-meta-a': 'b' });
    const copy = { 'x-amz-copy-source': 'photos/a' };
    expect(await status('PUT /photos/b', { as: web, headers: copy })).toBe(200);
    expect(await status('GET /photos/b')).toBe(403);
    expect((await call('GET /photos/b', { as: web })).headers['x-amz-meta-a']).toBe('b');
    expect(await status('PUT /photos/b', { as: web, headers: { ...copy, 'x-amz-acl': 'public-read' } })).toBe(200);
    expect(await status('GET /photos/b')).toBe(200);
    await call('PUT /photos/a', { as: web });
    expect(await status('GET /photos/a')).toBe(403);
  });

  test('is changed in place, by a header or a document', async () => {
    const { headers } = await put('a', 'private');
    const set = (acl: string, as = web) =>
      status('PUT /photos/a', { as, query: { acl: '' }, headers: { 'x-amz-acl': acl } });
    expect(await set('public-read')).toBe(200);
    expect(await call('GET /photos/a')).toMatchObject({ status: 200, text: 'a', headers: { etag: headers.etag } });
    expect(await set('private', other)).toBe(403);
    const owner = '<Grantee><ID>holdfast</ID></Grantee><Permission>FULL_CONTROL</Permission>';
    const body = `<AccessControlPolicy><AccessControlList><Grant>${owner}</Grant></AccessControlList></AccessControlPolicy>`;
    expect(await status('PUT /photos/a', { as: web, query: { acl: '' }, body })).toBe(200);
    expect(await status('GET /photos/a')).toBe(403);
    expect(await set('public-read-write')).toBe(501);
    expect(await status('PUT /photos/a', { as: web, query: { acl: '' } })).toBe(400);
    expect(await status('PUT /photos/none', { as: web, query: { acl: '' }, headers: { 'x-amz-acl': 'private' } })).toBe(
      404,
    );
    await block('BlockPublicAcls');
    expect(await set('public-read')).toBe(403);
    await setOwnership('BucketOwnerEnforced');
    expect(await set('private')).toBe(400);
  });

  test('comes with an upload by parts', async () => {
    const headers = { 'x-amz-acl': 'public-read' };
    const { text } = await call('POST /photos/big', { as: web, query: { uploads: '' }, headers });
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
    const part = await call('PUT /photos/big', { as: web, query: { partNumber: '1', uploadId }, body: 'x' });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    expect(await status('POST /photos/big', { as: web, query: { uploadId }, body })).toBe(200);
    expect(await status('GET /photos/big')).toBe(200);
  });

  test('does not let a copy read what its maker may not', async () => {
    await gateway.store.createBucket('other');
    await put('a', 'private');
    expect(await status('PUT /other/a', { as: other, headers: { 'x-amz-copy-source': 'photos/a' } })).toBe(403);
  });

  test.each([
    ['public', 400, 'InvalidArgument'],
    ['public-read-write', 501, 'NotImplemented'],
    ['aws-exec-read', 501, 'NotImplemented'],
  ])('%s is refused', async (acl, expected, code) => {
    expect(await put('a', acl)).toMatchObject({ status: expected, code });
    expect(await status('HEAD /photos/a', { as: web })).toBe(404);
  });

  test('loses to a Deny in the policy', async () => {
    await put('a', 'public-read');
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' };
    await call('PUT /photos', { as: operator, query: { policy: '' }, body: JSON.stringify({ Statement: deny }) });
    expect(await status('GET /photos/a')).toBe(403);
  });
});

describe('the ACL of a bucket', () => {
  const set = (acl: string, as = operator) =>
    call('PUT /photos', { as, query: { acl: '' }, headers: { 'x-amz-acl': acl } });

  test('is set by operators and opens the listing, not the objects', async () => {
    await put('a', 'private');
    expect((await set('public-read', web)).status).toBe(403);
    expect((await set('public-read')).status).toBe(200);
    expect(await status('GET /photos', { query: { 'list-type': '2' } })).toBe(200);
    expect(await status('GET /photos/a')).toBe(403);
    expect(await status('PUT /photos/b')).toBe(403);
    expect((await call('GET /photos', { as: operator, query: { acl: '' } })).text).toContain('AllUsers');
    expect((await set('private')).status).toBe(200);
    expect(await status('GET /photos', { query: { 'list-type': '2' } })).toBe(403);
  });

  test('that opens the listing tells what is not there, and of which version', async () => {
    await put('a', 'private');
    await set('public-read');
    expect(await call('GET /photos/missing')).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect(await status('HEAD /photos/missing')).toBe(404);
    const version = { query: { versionId: '000000000000000000000000' } };
    expect(await call('GET /photos/a', version)).toMatchObject({ status: 404, code: 'NoSuchVersion' });
    expect(await status('GET /photos/a')).toBe(403);
    await set('private');
    expect(await status('GET /photos/missing')).toBe(403);
    expect(await status('GET /photos/a', version)).toBe(403);
  });

  test('tells what is not there to nobody else, and to none whom the policy forbids to read', async () => {
    await set('authenticated-read');
    expect(await status('GET /photos/missing', { as: other })).toBe(404);
    expect(await status('GET /photos/missing')).toBe(403);
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/*' };
    await call('PUT /photos', { as: operator, query: { policy: '' }, body: JSON.stringify({ Statement: deny }) });
    expect(await status('GET /photos/missing', { as: other })).toBe(403);
  });

  test('can come as a document that says the same', async () => {
    const owner = '<Grant><Grantee><ID>holdfast</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>';
    const grant = (uri: string, permission: string) =>
      `<Grant><Grantee><URI>${uri}</URI></Grantee><Permission>${permission}</Permission></Grant>`;
    const send = (grants: string) =>
      call('PUT /photos', {
        as: operator,
        query: { acl: '' },
        body: `<AccessControlPolicy><AccessControlList>${grants}</AccessControlList></AccessControlPolicy>`,
      });
    const everyone = 'http://acs.amazonaws.com/groups/global/AllUsers';
    expect((await send(owner + grant(everyone, 'READ'))).status).toBe(200);
    expect(await status('GET /photos')).toBe(200);
    expect(await send(owner + grant(everyone, 'WRITE'))).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await send('<Grant></Grant>')).toMatchObject({ status: 400, code: 'MalformedACLError' });
    expect(await send(owner + grant(everyone, 'LOOK'))).toMatchObject({ status: 400, code: 'MalformedACLError' });
    // Every canned ACL gives the owner full control.
    expect(await send('')).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await send(grant(everyone, 'READ'))).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect((await send(owner)).status).toBe(200);
    expect(await status('GET /photos')).toBe(403);
  });

  test('is not set by a request that says nothing of it', async () => {
    const missing = { status: 400, code: 'MissingSecurityHeader' };
    expect(await call('PUT /photos', { as: operator, query: { acl: '' } })).toMatchObject(missing);
    const body = '<AccessControlPolicy></AccessControlPolicy>';
    const malformed = { status: 400, code: 'MalformedACLError' };
    expect(await call('PUT /photos', { as: operator, query: { acl: '' }, body })).toMatchObject(malformed);
  });

  test('is not set by half of what a request says of it', async () => {
    const send = (headers: Record<string, string>, body?: string) =>
      call('PUT /photos', { as: operator, query: { acl: '' }, headers, body });
    const refused = { status: 501, code: 'NotImplemented' };
    expect(await send({ 'x-amz-acl': 'public-read', 'x-amz-grant-write': 'id=x' })).toMatchObject(refused);
    expect(await send({ 'x-amz-grant-read': 'id=x' })).toMatchObject(refused);
    const document = '<AccessControlPolicy><AccessControlList></AccessControlList></AccessControlPolicy>';
    const both = await send({ 'x-amz-acl': 'public-read' }, document);
    expect(both).toMatchObject({ status: 400, code: 'UnexpectedContent' });
    expect(await status('GET /photos')).toBe(403);
  });

  test('can be asked for when the bucket is made, by an operator', async () => {
    const headers = { 'x-amz-acl': 'public-read' };
    expect(await status('PUT /other', { as: other, headers })).toBe(403);
    expect(await status('PUT /other', { as: operator, headers })).toBe(200);
    expect(await status('GET /other')).toBe(200);
  });
});

describe('ownership controls', () => {
  test('are set by operators, given back and taken away', async () => {
    const get = () => call('GET /photos', { as: web, query: { ownershipControls: '' } });
    expect(await get()).toMatchObject({ status: 404, code: 'OwnershipControlsNotFoundError' });
    expect((await setOwnership('ObjectWriter', web)).status).toBe(403);
    expect(await setOwnership('Me')).toMatchObject({ status: 400, code: 'MalformedXML' });
    expect((await setOwnership('ObjectWriter')).status).toBe(200);
    expect((await get()).text).toContain('<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>');
    expect(await status('DELETE /photos', { as: operator, query: { ownershipControls: '' } })).toBe(204);
    expect((await get()).status).toBe(404);
  });

  test('that enforce the owner disable ACLs, old ones too', async () => {
    await put('a', 'public-read');
    await setOwnership('BucketOwnerEnforced');
    expect(await status('GET /photos/a')).toBe(403);
    for (const acl of ['public-read', 'private']) {
      expect(await put('b', acl)).toMatchObject({ status: 400, code: 'AccessControlListNotSupported' });
    }
    expect((await put('b', 'bucket-owner-full-control')).status).toBe(200);
    expect(await status('PUT /photos/b', { as: web })).toBe(200);
    expect((await call('GET /photos/a', { as: web, query: { acl: '' } })).text).not.toContain('AllUsers');
  });

  test('do not go with a public bucket', async () => {
    await call('PUT /photos', { as: operator, query: { acl: '' }, headers: { 'x-amz-acl': 'public-read' } });
    expect(await setOwnership('BucketOwnerEnforced')).toMatchObject({ code: 'InvalidBucketAclWithObjectOwnership' });
    const headers = { 'x-amz-acl': 'public-read', 'x-amz-object-ownership': 'BucketOwnerEnforced' };
    expect(await call('PUT /new-one', { as: operator, headers })).toMatchObject({ status: 400 });
    const unknown = { 'x-amz-object-ownership': 'Me' };
    const refused = { status: 400, code: 'InvalidArgument' };
    expect(await call('PUT /new-one', { as: operator, headers: unknown })).toMatchObject(refused);
    expect(gateway.store.bucket('new-one')).toBeUndefined();
  });
});

describe('the public access block', () => {
  test('refuses public ACLs', async () => {
    await block('BlockPublicAcls');
    expect(await put('a', 'public-read')).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect((await put('a', 'private')).status).toBe(200);
    const acl = { as: operator, query: { acl: '' }, headers: { 'x-amz-acl': 'authenticated-read' } };
    expect(await status('PUT /photos', acl)).toBe(403);
  });

  test('ignores the ACLs there are', async () => {
    await put('a', 'public-read');
    await call('PUT /photos', { as: operator, query: { acl: '' }, headers: { 'x-amz-acl': 'public-read' } });
    await block('IgnorePublicAcls');
    expect(await status('GET /photos/a')).toBe(403);
    expect(await status('GET /photos')).toBe(403);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const SSE = 'x-amz-server-side-encryption';
const CUSTOMER = `${SSE}-customer`;
const SOURCE = `x-amz-copy-source-server-side-encryption-customer`;

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator);
  await gateway.store.createBucket('photos');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const call = (line: `${string} /${string}`, headers: Record<string, string> = {}, more: object = {}) =>
  gateway.call(line, { as: operator, headers, ...more });

/** The three headers of a customer's key. */
function keyHeaders(key: Buffer, prefix = CUSTOMER): Record<string, string> {
  return {
    [`${prefix}-algorithm`]: 'AES256',
    [`${prefix}-key`]: key.toString('base64'),
    [`${prefix}-key-md5`]: createHash('md5').update(key).digest('base64'),
  };
}

const key = randomBytes(32);
const other = randomBytes(32);
const customer = keyHeaders(key);
const answered = { [`${CUSTOMER}-algorithm`]: 'AES256', [`${CUSTOMER}-key-md5`]: customer[`${CUSTOMER}-key-md5`] };

describe("the store's own encryption (SSE-S3)", () => {
  test('is answered whether it was asked for or not', async () => {
    const requests: readonly Record<string, string>[] = [{}, { [SSE]: 'AES256' }];
    for (const headers of requests) {
      expect(await call('PUT /photos/a', headers, { body: 'x' })).toMatchObject({
        status: 200,
        headers: { [SSE]: 'AES256' },
      });
    }
    expect((await call('GET /photos/a')).headers).toMatchObject({ [SSE]: 'AES256' });
    expect((await call('HEAD /photos/a')).headers).toMatchObject({ [SSE]: 'AES256' });
    const copied = await call('PUT /photos/b', { 'x-amz-copy-source': '/photos/a' });
    expect(copied).toMatchObject({ status: 200, headers: { [SSE]: 'AES256' } });
    const onto = { 'x-amz-copy-source': '/photos/a' };
    expect(await call('PUT /photos/a', onto)).toMatchObject({ code: 'InvalidRequest' });
    expect(await call('PUT /photos/a', { ...onto, [SSE]: 'AES256' })).toMatchObject({ status: 200 });
  });

  test('is the only one there is', async () => {
    expect(await call('PUT /photos/a', { [SSE]: 'aws:kms' })).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await call('PUT /photos/a', { [SSE]: 'AES' })).toMatchObject({ status: 400, code: 'InvalidArgument' });
    for (const method of ['AES256', 'aws:kms']) {
      const both = { [SSE]: method, ...customer };
      expect(await call('PUT /photos/a', both)).toMatchObject({ status: 400, code: 'InvalidArgument' });
    }
    for (const headers of [{}, { [SSE]: 'AES256' }, customer]) {
      const named = { ...headers, [`${SSE}-aws-kms-key-id`]: 'a-key' };
      expect(await call('PUT /photos/a', named)).toMatchObject({ status: 400, code: 'InvalidArgument' });
    }
    const kms = { [SSE]: 'aws:kms', [`${SSE}-aws-kms-key-id`]: 'a-key' };
    expect(await call('PUT /photos/a', kms)).toMatchObject({ status: 501, code: 'NotImplemented' });
  });

  test('is not asked for by who reads', async () => {
    await call('PUT /photos/a', {}, { body: 'x' });
    for (const method of ['AES256', 'aws:kms']) {
      expect(await call('GET /photos/a', { [SSE]: method })).toMatchObject({ status: 400, code: 'InvalidArgument' });
      expect(await call('HEAD /photos/a', { [SSE]: method })).toMatchObject({ status: 400 });
    }
  });
});

describe("customers' keys (SSE-C)", () => {
  beforeEach(async () => {
    expect(await call('PUT /photos/guarded', customer, { body: 'secret' })).toMatchObject({
      status: 200,
      headers: answered,
    });
  });

  test('are needed for every read', async () => {
    const read = await call('GET /photos/guarded', customer);
    expect(read).toMatchObject({ status: 200, text: 'secret', headers: answered });
    expect(read.headers).not.toHaveProperty(SSE);
    expect(await call('HEAD /photos/guarded', customer)).toMatchObject({ status: 200, headers: answered });
    const attributes = { 'x-amz-object-attributes': 'ObjectSize' };
    const query = { query: { attributes: '' } };
    expect(await call('GET /photos/guarded', { ...customer, ...attributes }, query)).toMatchObject({ status: 200 });

    expect(await call('GET /photos/guarded')).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await call('HEAD /photos/guarded')).toMatchObject({ status: 400 });
    expect(await call('GET /photos/guarded', attributes, query)).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await call('GET /photos/guarded', keyHeaders(other))).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await call('HEAD /photos/guarded', keyHeaders(other))).toMatchObject({ status: 403 });
    await call('PUT /photos/open', {}, { body: 'x' });
    expect(await call('GET /photos/open', customer)).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await call('GET /photos/guarded', {}, { query: { acl: '' } })).toMatchObject({ status: 200 });
    expect(await call('DELETE /photos/guarded')).toMatchObject({ status: 204 });
  });

  test.each([
    ['no algorithm', { [`${CUSTOMER}-algorithm`]: undefined }, 'InvalidArgument'],
    ['another algorithm', { [`${CUSTOMER}-algorithm`]: 'AES128' }, 'InvalidEncryptionAlgorithmError'],
    ['no key', { [`${CUSTOMER}-key`]: undefined }, 'InvalidArgument'],
    ['a short key', keyHeaders(key.subarray(1)), 'InvalidArgument'],
    ['no MD5', { [`${CUSTOMER}-key-md5`]: undefined }, 'InvalidArgument'],
    ['the MD5 of another key', { [`${CUSTOMER}-key`]: other.toString('base64') }, 'InvalidArgument'],
  ])('are refused with %s', async (_, changed, code) => {
    const all = Object.entries({ ...customer, ...changed });
    const headers = Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
    for (const line of ['PUT /photos/a', 'GET /photos/guarded'] as const) {
      expect(await call(line, headers)).toMatchObject({ status: 400, code });
    }
  });

  test('come and go with copies', async () => {
    const source = { 'x-amz-copy-source': '/photos/guarded' };
    const copy = (headers: object) => call('PUT /photos/copy', { ...source, ...headers });
    expect(await copy({})).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await copy(keyHeaders(other, SOURCE))).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await copy(keyHeaders(key, SOURCE))).toMatchObject({ status: 200, headers: { [SSE]: 'AES256' } });
    expect((await call('GET /photos/copy')).text).toBe('secret');

    expect(await copy({ ...keyHeaders(key, SOURCE), ...keyHeaders(other) })).toMatchObject({ status: 200 });
    expect((await call('GET /photos/copy', keyHeaders(other))).text).toBe('secret');
    const summed = { ...keyHeaders(key, SOURCE), 'x-amz-checksum-algorithm': 'CRC32' };
    expect((await copy(summed)).text).toContain('<ChecksumCRC32>');
    const rotated = { ...source, ...keyHeaders(key, SOURCE), ...keyHeaders(other) };
    expect(await call('PUT /photos/guarded', rotated)).toMatchObject({ status: 200 });
    expect((await call('GET /photos/guarded', keyHeaders(other))).text).toBe('secret');
  });

  test("are the upload's for its parts", async () => {
    const begun = await call('POST /photos/big', customer, { query: { uploads: '' } });
    expect(begun).toMatchObject({ status: 200, headers: answered });
    const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(begun.text)?.[1] ?? '';
    const part = { query: { uploadId, partNumber: '1' }, body: 'part' };
    expect(await call('PUT /photos/big', {}, part)).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await call('PUT /photos/big', keyHeaders(other), part)).toMatchObject({
      status: 400,
      code: 'InvalidRequest',
    });
    const kms = { ...customer, [SSE]: 'aws:kms' };
    expect(await call('PUT /photos/big', kms, part)).toMatchObject({ status: 501, code: 'NotImplemented' });
    expect(await call('PUT /photos/big', customer, part)).toMatchObject({ status: 200, headers: answered });
    const copy = { ...customer, ...keyHeaders(key, SOURCE), 'x-amz-copy-source': '/photos/guarded' };
    const copied = await call('PUT /photos/big', copy, { query: part.query });
    expect(copied).toMatchObject({ status: 200, headers: answered });
    const etag = /<ETag>(.+)<\/ETag>/.exec(copied.text)?.[1] ?? '';
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
    const completion = { query: { uploadId }, body };
    const wrong = await call('POST /photos/big', keyHeaders(other), completion);
    expect(wrong).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect(await call('POST /photos/big', {}, completion)).toMatchObject({ status: 200 });
    expect((await call('GET /photos/big', customer)).text).toBe('secret');
  });

  test('an object that only its ACL opens tells nobody else that it is there', async () => {
    const anonymous = (line: `${string} /${string}`) => gateway.call(line);
    expect(await anonymous('GET /photos/guarded')).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await anonymous('GET /photos/nothing')).toMatchObject({ status: 403, code: 'AccessDenied' });
    await call('PUT /photos/shown', { ...customer, 'x-amz-acl': 'public-read' }, { body: 'secret' });
    expect(await gateway.call('GET /photos/shown', { headers: customer })).toMatchObject({
      status: 200,
      text: 'secret',
    });
  });
});

describe('the encryption of a bucket', () => {
  const query = { encryption: '' };
  const set = (rule: string) =>
    call(
      'PUT /photos',
      {},
      { query, body: `<ServerSideEncryptionConfiguration><Rule>${rule}</Rule></ServerSideEncryptionConfiguration>` },
    );
  const byDefault = (content: string) =>
    `<ApplyServerSideEncryptionByDefault>${content}</ApplyServerSideEncryptionByDefault>`;
  const AES256 = byDefault('<SSEAlgorithm>AES256</SSEAlgorithm>');

  test('is AES256, said or not', async () => {
    const initial = await call('GET /photos', {}, { query });
    expect(initial.text).toContain(`<Rule>${AES256}<BucketKeyEnabled>false</BucketKeyEnabled></Rule>`);
    expect(await set(`${AES256}<BucketKeyEnabled>true</BucketKeyEnabled>`)).toMatchObject({ status: 200 });
    expect((await call('GET /photos', {}, { query })).text).toContain('<BucketKeyEnabled>true</BucketKeyEnabled>');
    expect(await call('DELETE /photos', {}, { query })).toMatchObject({ status: 204 });
    expect((await call('GET /photos', {}, { query })).text).toBe(initial.text);
    expect(await call('GET /missing', {}, { query })).toMatchObject({ status: 404, code: 'NoSuchBucket' });
  });

  test.each([
    [byDefault('<SSEAlgorithm>aws:kms</SSEAlgorithm>'), 501, 'NotImplemented'],
    [byDefault('<SSEAlgorithm>ROT13</SSEAlgorithm>'), 400, 'MalformedXML'],
    [byDefault('<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>'), 400, 'InvalidArgument'],
    [`${AES256}</Rule><Rule>${AES256}`, 400, 'MalformedXML'],
    ['<BlockedEncryptionTypes><EncryptionType>X</EncryptionType></BlockedEncryptionTypes>', 400, 'MalformedXML'],
  ])('refuses %s', async (rule, status, code) => {
    expect(await set(rule)).toMatchObject({ status, code });
  });

  test("can refuse customers' keys", async () => {
    const blocked = '<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>';
    expect(await call('PUT /photos/before', customer, { body: 'x' })).toMatchObject({ status: 200 });
    expect(await set(AES256 + blocked)).toMatchObject({ status: 200 });
    expect((await call('GET /photos', {}, { query })).text).toContain(blocked);
    expect(await call('PUT /photos/a', customer, { body: 'x' })).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await call('POST /photos/a', customer, { query: { uploads: '' } })).toMatchObject({ status: 403 });
    expect(await call('GET /photos/before', customer)).toMatchObject({ status: 200 });
    expect(await set(AES256)).toMatchObject({ status: 200 });
    expect(await call('PUT /photos/a', customer, { body: 'x' })).toMatchObject({ status: 200 });
  });
});

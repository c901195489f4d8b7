import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type GatewayCall,
  type RequestLine,
  requestHead,
  startTestGateway,
  type TestGateway,
  testKey,
} from '../../../tests/support/s3-gateway.ts';
import { presign } from '../../../tests/support/s3-signer.ts';
import { formatTimestamp } from '../access/signature-v4.ts';

const KEY = testKey('test', '*');

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(KEY);
  await gateway.store.createBucket('photos');
});

afterEach(() => gateway[Symbol.asyncDispose]());

const OWNER = (account: string) => ({ 'x-amz-expected-bucket-owner': account });
const ATTRIBUTES = (names: string) => ({ 'x-amz-object-attributes': names });

describe('errors', () => {
  test('are S3 XML with a request id', async () => {
    const { status, headers, text } = await gateway.call('GET /photos/missing&', { as: KEY });
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/xml');
    const id = headers['x-amz-request-id'];
    expect(id).toMatch(/^[0-9A-F]{16}$/);
    expect(text).toContain('<Code>NoSuchKey</Code>');
    expect(text).toContain('<Resource>/photos/missing&amp;</Resource>');
    expect(text).toContain(`<RequestId>${id}</RequestId>`);
  });

  test('can be parsed whatever the key is', async () => {
    await gateway.store.updateBucket('photos', { accessibility: 'public' });
    const { text } = await gateway.call('GET /photos/a%01b%00%1F%09c');
    expect(text).toContain('<Message>there is no object a\ufffdb\ufffd\ufffd\tc in bucket photos</Message>');
  });

  test('of HEAD have no body', async () => {
    expect(await gateway.call('HEAD /photos/missing', { as: KEY })).toMatchObject({ status: 404, text: '' });
    expect(await gateway.call('HEAD /nothing', { as: KEY })).toMatchObject({ status: 404, text: '' });
  });

  test('of HeadBucket tell the region to whom it is forbidden: clients ask for it unsigned', async () => {
    for (const line of ['HEAD /photos', 'HEAD /nothing'] as const) {
      const { status, headers } = await gateway.call(line);
      expect([line, status, headers['x-amz-bucket-region']]).toEqual([line, 403, 'local']);
    }
    const { status, headers } = await gateway.call('HEAD /nothing', { as: KEY });
    expect([status, headers['x-amz-bucket-region']]).toEqual([404, undefined]);
  });

  test.each([
    ['GET /nothing', {}, 404, 'NoSuchBucket'],
    ['PUT /No', {}, 400, 'InvalidBucketName'],
    ['GET /photos', { query: { 'max-keys': '-1' } }, 400, 'InvalidArgument'],
    ['GET /photos', { query: { 'list-type': '2', 'continuation-token': '!' } }, 400, 'InvalidArgument'],
    ['GET /photos', { query: { 'encoding-type': 'x' } }, 400, 'InvalidArgument'],
    ['GET /photos', { query: { torrent: '' } }, 501, 'NotImplemented'],
    ['PUT /photos/a', { headers: { 'x-amz-server-side-encryption': 'aws:kms' } }, 501, 'NotImplemented'],
    ['PUT /photos/a', { headers: { 'x-amz-acl': 'public-read-write' } }, 501, 'NotImplemented'],
    ['PUT /photos/a', { headers: { 'x-amz-storage-class': 'GLACIER' } }, 400, 'InvalidStorageClass'],
    ['PUT /photos/a', { headers: { 'content-md5': 'x' } }, 400, 'InvalidDigest'],
    ['PUT /photos/a', { headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } }, 400, 'BadDigest'],
    ['PUT /photos/a', { headers: { 'x-amz-checksum-crc32': 'AAAA' } }, 400, 'InvalidRequest'],
    ['PUT /photos/a', { body: 'x', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 400, 'BadDigest'],
    ['PUT /photos/a', { body: 'x', headers: { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' } }, 501, 'NotImplemented'],
    ['PUT /photos/a', { body: 'x', headers: { 'x-amz-checksum-crc': 'AAAAAA==' } }, 400, 'InvalidRequest'],
    ['PUT /photos/a', { headers: { 'x-amz-meta-a': 'x'.repeat(2048) } }, 400, 'MetadataTooLarge'],
    ['POST /photos', { query: { delete: '' }, body: '<Delete>' }, 400, 'MalformedXML'],
    ['POST /photos', { query: { delete: '' }, body: '<Delete></Delete>' }, 400, 'MalformedXML'],
    ['PUT /photos/a', { headers: { 'x-amz-copy-source': 'photos/missing' } }, 404, 'NoSuchKey'],
    ['PUT /photos/a', { headers: { 'x-amz-copy-source': 'photos' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'x-amz-copy-source': '192.168.1.1/a' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'x-amz-tagging': 'k=1&k=2' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'x-amz-tagging': '=1' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'x-amz-tagging': 'k%=1' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'x-amz-tagging': 'k=%00' } }, 400, 'InvalidTag'],
    ['GET /photos/a', { query: { attributes: '' } }, 400, 'InvalidRequest'],
    ['GET /photos/a', { query: { attributes: '' }, headers: ATTRIBUTES('') }, 400, 'InvalidRequest'],
    ['GET /photos/a', { query: { attributes: '' }, headers: ATTRIBUTES('ETag,Age') }, 400, 'InvalidArgument'],
    ['GET /photos', { query: { 'start-after': 'a' } }, 400, 'InvalidArgument'],
    ['GET /photos', { query: { 'list-type': '3' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { query: { partNumber: '0', uploadId: 'u' } }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { query: { partNumber: '1', uploadId: 'u' } }, 404, 'NoSuchUpload'],
    ['PUT /photos/a', { query: { partNumber: '1' }, body: 'x' }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { query: { uploadId: 'u' }, body: 'x' }, 400, 'InvalidArgument'],
    ['PUT /photos/a', { headers: { 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' } }, 501, 'NotImplemented'],
    ['PUT /photos/a', { body: 'x', headers: OWNER('111122223333') }, 403, 'AccessDenied'],
    ['PUT /photos/a', { body: 'x', headers: OWNER('me') }, 400, 'InvalidBucketOwnerAWSAccountID'],
    ['PUT /photos/a', { body: 'x', headers: { 'x-amz-sdk-checksum-algorithm': 'SHA256' } }, 400, 'InvalidRequest'],
    ['PUT /photos/a', { body: 'x', headers: { 'x-amz-trailer': 'x-amz-checksum-crc32' } }, 400, 'InvalidRequest'],
    ['PUT /photos/a', { as: undefined, headers: { 'x-amz-content-sha256': 'x' } }, 400, 'InvalidArgument'],
    ['GET /photos/a', { query: { versionId: 'v' } }, 404, 'NoSuchVersion'],
    ['DELETE /photos/a', { query: { versionId: '\u0001' } }, 400, 'InvalidArgument'],
    ['DELETE /photos/a', { query: { versionId: '😀' } }, 400, 'InvalidArgument'],
    ['PATCH /photos/a', {}, 405, 'MethodNotAllowed'],
  ] as [RequestLine, GatewayCall, number, string][])('%s %j: %i %s', async (line, call, status, code) => {
    const answer = await gateway.call(line, { as: KEY, ...call });
    expect([answer.status, answer.code]).toEqual([status, code]);
    await expect(gateway.store.head('photos', 'a')).rejects.toThrow();
  });

  test('what fails inside is not told to the client', async () => {
    const fail = async () => {
      throw new Error('/secret/path is broken');
    };
    gateway.store.list = fail;
    gateway.store.remove = fail;
    const body = '<Delete><Object><Key>a</Key></Object></Delete>';
    const listing = await gateway.call('GET /photos', { as: KEY });
    const removal = await gateway.call('POST /photos', { as: KEY, query: { delete: '' }, body });
    expect([listing.status, removal.status]).toEqual([500, 200]);
    for (const { text } of [listing, removal]) {
      expect(text).toContain('InternalError');
      expect(text).not.toContain('secret');
    }
  });

  test('an answer that cannot be written ends the connection', async () => {
    gateway.store.remove = async () => ({ versionId: '\n', deleteMarker: false });
    await expect(gateway.call('DELETE /photos/a', { as: KEY })).rejects.toThrow('socket hang up');
    expect((await gateway.call('HEAD /photos', { as: KEY })).status).toBe(200);
  });
});

describe('requests', () => {
  test('virtual-host style reaches the bucket', async () => {
    const host = 'photos.s3.localhost';
    expect((await gateway.call('PUT /a/b', { as: KEY, headers: { host }, body: 'x' })).status).toBe(200);
    expect((await gateway.store.head('photos', 'a/b')).size).toBe(1);
    expect((await gateway.call('GET /', { as: KEY, headers: { host } })).text).toContain('<Key>a/b</Key>');
  });

  test('name an upload to list after together with its key, or in vain', async () => {
    const list = (query: Record<string, string>) =>
      gateway.call('GET /photos', { as: KEY, query: { uploads: '', 'upload-id-marker': 'u', ...query } });
    expect((await list({})).text).toContain('<UploadIdMarker></UploadIdMarker>');
    expect((await list({ 'key-marker': 'a' })).text).toContain('<UploadIdMarker>u</UploadIdMarker>');
  });

  test('delete nothing for a version or an ETag that they name with nothing', async () => {
    await gateway.call('PUT /photos/a', { as: KEY, body: 'x' });
    for (const version of ['<VersionId></VersionId>', '<VersionId/>']) {
      const body = `<Delete><Object><Key>a</Key>${version}</Object></Delete>`;
      const { status, text } = await gateway.call('POST /photos', { as: KEY, query: { delete: '' }, body });
      expect(status).toBe(200);
      expect(text).toContain('<Code>NoSuchVersion</Code>');
    }
    const body = '<Delete><Object><Key>a</Key><ETag></ETag></Object></Delete>';
    const { text } = await gateway.call('POST /photos', { as: KEY, query: { delete: '' }, body });
    expect(text).toContain('<Code>PreconditionFailed</Code>');
    expect((await gateway.call('HEAD /photos/a', { as: KEY })).status).toBe(200);
  });

  test('abort an upload of the time they say, and no other', async () => {
    const { uploadId, initiatedAt } = await gateway.store.createUpload('photos', 'a', NO_METADATA);
    const abort = (time: number | string) =>
      gateway.call('DELETE /photos/a', {
        as: KEY,
        query: { uploadId },
        headers: { 'x-amz-if-match-initiated-time': typeof time === 'string' ? time : new Date(time).toUTCString() },
      });
    expect(await abort('once')).toMatchObject({ status: 400, code: 'InvalidArgument' });
    expect(await abort(initiatedAt - 1000)).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect((await gateway.store.listUploads({ bucket: 'photos', limit: 10 })).uploads).toHaveLength(1);
    expect((await abort(initiatedAt)).status).toBe(204);
    expect(await abort(initiatedAt)).toMatchObject({ status: 404, code: 'NoSuchUpload' });
  });

  test('say whose bucket they mean, and are done in that alone', async () => {
    await gateway.call('PUT /photos/a', { as: KEY, body: 'x' });
    const get = (headers: Record<string, string>) => gateway.call('GET /photos/a', { as: KEY, headers });
    expect((await get({ 'x-amz-expected-bucket-owner': '000000000000' })).status).toBe(200);
    expect((await get({ 'x-amz-expected-bucket-owner': '111122223333' })).code).toBe('AccessDenied');
    const source = { 'x-amz-copy-source': 'photos/a', 'x-amz-source-expected-bucket-owner': '111122223333' };
    expect((await gateway.call('PUT /photos/b', { as: KEY, headers: source })).code).toBe('AccessDenied');
    const timestamp = formatTimestamp(Date.now());
    const host = `127.0.0.1:${gateway.port}`;
    const extra = [['x-amz-expected-bucket-owner', '111122223333']] as const;
    const url = presign(KEY, { method: 'GET', path: '/photos/a', host, timestamp, extra });
    expect((await fetch(`http://${host}${url}`)).status).toBe(403);
  });

  test('signed for a key with dots mean that key, and no other where a client resolves them', async () => {
    for (const key of ['a/../b', 'b']) await gateway.store.put(object(key));
    const host = `127.0.0.1:${gateway.port}`;
    const timestamp = formatTimestamp(Date.now());
    const url = presign(KEY, { method: 'GET', path: '/photos/a/../b', host, timestamp });
    const { answered } = await gateway.open(`GET ${url as `/${string}`}`, { host });
    expect(await answered('a/../b')).toMatch(/^HTTP\/1\.1 200/);
    const resolved = await fetch(`http://${host}${url}`); // as browsers do: /photos/b
    expect([resolved.status, await resolved.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
  });

  test('of one connection are done one after the other, whether or not they wait for answers', async () => {
    const put = { ...gateway.signed('PUT /photos/a', KEY, 'x'), 'content-length': '1' };
    const { socket, answered } = await gateway.open('PUT /photos/a', put);
    const get = requestHead('GET /photos/a', gateway.signed('GET /photos/a', KEY));
    const missing = requestHead('GET /photos/b', gateway.signed('GET /photos/b', KEY));
    socket.write(`x${get}${missing}`);
    const text = await answered('</Error>');
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
  });

  test('names of headers are written as S3 does: some clients compare them letter by letter', async () => {
    await gateway.call('PUT /photos/a', { as: KEY, body: 'x' });
    const { answered } = await gateway.open('GET /photos/a', gateway.signed('GET /photos/a', KEY));
    const head = (await answered('\r\n\r\n')).split('\r\n\r\n')[0] ?? '';
    const names = head
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(':')[0]);
    const expected = ['Content-Type', 'ETag', 'Last-Modified', 'Accept-Ranges', 'Content-Length', 'x-amz-request-id'];
    expect(names).toEqual(expect.arrayContaining(expected));
  });

  test('a connection is used again, also after an error', async () => {
    const { socket, answered } = await gateway.open('GET /photos/missing', gateway.signed('GET /photos/missing', KEY));
    await answered('</Error>');
    socket.write(requestHead('HEAD /photos', gateway.signed('HEAD /photos', KEY)));
    expect(await answered('x-amz-bucket-region: local')).toContain('HTTP/1.1 200 OK');
  });

  test.each([10, 300_000])('Content-MD5 of an object and of a part of %i bytes is proved', async (size) => {
    const body = 'x'.repeat(size);
    const put = (line: RequestLine, md5OfIt: string, query = {}) => {
      const headers = { 'content-md5': createHash('md5').update(md5OfIt).digest('base64') };
      return gateway.call(line, { as: KEY, query, headers, body });
    };
    const { uploadId } = await gateway.store.createUpload('photos', 'film', NO_METADATA);
    const part = { uploadId, partNumber: '1' };
    for (const [line, query] of [['PUT /photos/a', {}] as const, ['PUT /photos/film', part] as const]) {
      expect(await put(line, 'other', query)).toMatchObject({ status: 400, code: 'BadDigest' });
      expect((await put(line, body, query)).status).toBe(200);
    }
    expect((await gateway.store.head('photos', 'a')).size).toBe(size);
  });

  test('a listing can be URL-encoded', async () => {
    await gateway.store.put({ bucket: 'photos', key: 'a b/ü+&', body: empty(), metadata: NO_METADATA });
    const plain = await gateway.call('GET /photos', { as: KEY, query: { 'list-type': '2' } });
    expect(plain.text).toContain('<Key>a b/ü+&amp;</Key>');
    const query = { 'list-type': '2', 'encoding-type': 'url', 'fetch-owner': 'true' };
    const encoded = await gateway.call('GET /photos', { as: KEY, query });
    expect(encoded.text).toContain('<Key>a%20b/%C3%BC%2B%26</Key>');
    expect(encoded.text).toContain('<Owner>');
  });

  test('a listing begins after a key and may be empty', async () => {
    for (const key of ['a', 'b', 'c']) await gateway.call(`PUT /photos/${key}`, { as: KEY });
    const after = await gateway.call('GET /photos', { as: KEY, query: { 'list-type': '2', 'start-after': 'b' } });
    expect(after.text).toContain('<KeyCount>1</KeyCount>');
    const none = await gateway.call('GET /photos', { as: KEY, query: { 'list-type': '2', 'max-keys': '0' } });
    expect(none.text).toContain('<IsTruncated>false</IsTruncated>');
    const marked = await gateway.call('GET /photos', { as: KEY, query: { marker: 'a', 'max-keys': '1' } });
    expect(marked.text).toMatch(/<IsTruncated>true<.*<Key>b</s);
  });

  test('headers that stand in a presigned query cannot break the answer that repeats them', async () => {
    const host = `127.0.0.1:${gateway.port}`;
    const timestamp = formatTimestamp(Date.now());
    const putWith = (value: string) => {
      const extra = [['x-amz-meta-a', value]] as const;
      const url = presign(KEY, { method: 'PUT', path: '/photos/a', host, timestamp, extra });
      return fetch(`http://${host}${url}`, { method: 'PUT', body: 'x' });
    };
    expect((await putWith('a\r\nset-cookie: b')).status).toBe(400);
    expect((await putWith('grün')).status).toBe(200);
    const { headers } = await gateway.call('GET /photos/a', { as: KEY });
    expect(Buffer.from(String(headers['x-amz-meta-a']), 'latin1').toString()).toBe('grün');
  });

  test.each([
    ['deflate, gzip', 'deflate, gzip'],
    ['gzip, aws-chunked', 'gzip'],
    ['AWS-Chunked, gzip', 'gzip'],
    ['aws-chunked', undefined],
  ])('the encoding %s comes back as %s', async (sent, expected) => {
    await gateway.call('PUT /photos/a', { as: KEY, headers: { 'content-encoding': sent } });
    expect((await gateway.call('HEAD /photos/a', { as: KEY })).headers['content-encoding']).toBe(expected);
  });

  test('pages may preflight, and read any answer', async () => {
    const preflight = await gateway.call('OPTIONS /photos/a', {
      headers: {
        origin: 'http://app.localhost',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,content-type',
    });
    const refused = await gateway.call('GET /photos/a', { headers: { origin: 'http://app.localhost' } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, '*']);
    expect(refused.headers['access-control-allow-credentials']).toBeUndefined();
  });

  test('headers over the limit are refused', async () => {
    const { answered } = await gateway.open('GET /', { host: 'h', 'x-long': 'x'.repeat(20_000) });
    expect(await answered('\r\n\r\n')).toContain('431');
  });
});

const NO_METADATA = { contentType: 'text/plain', headers: {}, user: {} };

async function* empty(): AsyncGenerator<Uint8Array> {}

const object = (key: string) => ({
  bucket: 'photos',
  key,
  body: Buffer.from(key),
  metadata: { contentType: '', headers: {}, user: {} },
});

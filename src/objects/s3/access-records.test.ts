import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AccessLogLine, readAccessLogs } from '../../../tests/support/access-log.ts';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import { presign } from '../../../tests/support/s3-signer.ts';
import { formatTimestamp } from '../access/signature-v4.ts';

const operator = testKey('operator', '*');
const service = testKey('photos/web', ['site']);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator, service);
  for (const bucket of ['site', 'other', 'logs']) await gateway.store.createBucket(bucket, { versioning: 'enabled' });
  await setLogging('site', 'logs');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const setLogging = (bucket: string, target: string) =>
  gateway.store.updateBucket(bucket, { documents: { logging: JSON.stringify({ target, prefix: `${bucket}/` }) } });

/** What is in the log when all that was asked is answered. */
async function logged(bucket = 'logs'): Promise<AccessLogLine[]> {
  await gateway.accessLog.close();
  return readAccessLogs(gateway.store, bucket);
}

const operations = (lines: readonly AccessLogLine[]) =>
  lines.map(({ operation, key, status, errorCode }) => `${operation} ${key} ${status} ${errorCode}`);

test('a line says who did what to which object, and what came of it', async () => {
  const before = Math.floor(Date.now() / 1000) * 1000;
  const headers = { referer: 'http://example.com/"a"?X-Amz-Signature=abc', 'user-agent': 'a "client"' };
  const put = await gateway.call('PUT /site/a+b', { as: service, body: 'hello', headers });
  expect(put.status).toBe(200);
  const get = await gateway.call('GET /site/a+b', { as: service, headers: { range: 'bytes=1-2' } });
  expect(get.status).toBe(206);
  const [one, other, ...more] = await logged();
  expect(more).toEqual([]);
  expect(one).toMatchObject({
    owner: 'holdfast',
    bucket: 'site',
    remoteIp: '127.0.0.1',
    requester: 'arn:aws:iam::000000000000:user/photos/web',
    requestId: put.headers['x-amz-request-id'],
    operation: 'REST.PUT.OBJECT',
    key: 'a%252Bb',
    requestLine: 'PUT /site/a+b HTTP/1.1',
    status: '200',
    errorCode: '-',
    bytesSent: '-',
    objectSize: '5',
    totalMs: expect.stringMatching(/^\d+$/),
    turnAroundMs: expect.stringMatching(/^\d+$/),
    referer: 'http://example.com/%22a%22?X-Amz-Signature=REDACTED',
    userAgent: 'a %22client%22',
    versionId: put.headers['x-amz-version-id'],
    hostId: put.headers['x-amz-id-2'],
    signatureVersion: 'SigV4',
    cipherSuite: '-',
    authType: 'AuthHeader',
    host: `127.0.0.1:${gateway.port}`,
    tlsVersion: '-',
    accessPointArn: '-',
    aclRequired: '-',
    sourceRegion: '-',
  });
  const time = Date.parse((one?.time ?? '').replaceAll('/', ' ').replace(':', ' '));
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(Date.now());
  expect(other).toMatchObject({ operation: 'REST.GET.OBJECT', status: '206', bytesSent: '2', objectSize: '5' });
});

test('what is refused has a line too, with the name of what it asked for', async () => {
  await gateway.call('GET /site/a');
  await gateway.call('GET /site/nothing', { as: service });
  await gateway.call('PUT /site', { as: service, query: { policy: '' }, body: '{}' });
  await gateway.call('DELETE /site/a', { as: { ...service, secretAccessKey: 'wrong' } });
  await gateway.call('GET /site', { as: service, query: { torrent: '' } });
  const lines = await logged();
  expect(operations(lines)).toEqual([
    'REST.GET.OBJECT a 403 AccessDenied',
    'REST.GET.OBJECT nothing 404 NoSuchKey',
    'REST.PUT.BUCKETPOLICY - 403 AccessDenied',
    'REST.DELETE.OBJECT a 403 SignatureDoesNotMatch',
    'REST.GET.BUCKET - 501 NotImplemented',
  ]);
  expect(lines[0]).toMatchObject({ requester: '-', signatureVersion: '-', authType: '-', objectSize: '-' });
  expect(lines[3]).toMatchObject({ requester: '-', signatureVersion: 'SigV4', authType: 'AuthHeader' });
});

test('a presigned URL is in the log without its signature', async () => {
  const host = `127.0.0.1:${gateway.port}`;
  const url = presign(service, { method: 'PUT', path: '/site/a', host, timestamp: formatTimestamp(Date.now()) });
  expect((await fetch(`http://${host}${url}`, { method: 'PUT', body: 'hello' })).status).toBe(200);
  const [line] = await logged();
  const signature = /X-Amz-Signature=(\w+)/.exec(url)?.[1] ?? '';
  expect(line?.authType).toBe('QueryString');
  expect(line?.requestLine).toBe(`PUT ${url.replace(signature, 'REDACTED')} HTTP/1.1`);
  expect(signature).toHaveLength(64);
});

test('each key that DeleteObjects removes has a line', async () => {
  const { versionId } = await gateway.store.put({
    bucket: 'site',
    key: 'a',
    body: Buffer.from('a'),
    metadata: { contentType: '', headers: {}, user: {} },
  });
  const keys = [
    '<Key>a b</Key>',
    `<Key>a</Key><VersionId>${versionId}</VersionId>`,
    '<Key>a</Key><VersionId>x</VersionId>',
  ];
  const body = `<Delete>${keys.map((key) => `<Object>${key}</Object>`).join('')}</Delete>`;
  expect(await gateway.call('POST /site', { as: service, query: { delete: '' }, body })).toMatchObject({ status: 200 });
  const lines = await logged();
  expect(operations(lines).slice(0, 3)).toEqual([
    'REST.POST.MULTI_OBJECT_DELETE - 200 -',
    'BATCH.DELETE.OBJECT a%20b 204 -',
    'BATCH.DELETE.OBJECT a 204 -',
  ]);
  expect(lines[2]).toMatchObject({ versionId, requestLine: '-', referer: '-', requestId: lines[0]?.requestId });
  expect(lines).toHaveLength(4);
});

test('a copy has a line in the log of its source', async () => {
  await gateway.call('PUT /site/a', { as: operator, body: 'hello' });
  const headers = { 'x-amz-copy-source': '/site/a' };
  expect((await gateway.call('PUT /other/b', { as: operator, headers })).status).toBe(200);
  expect((await gateway.call('PUT /site/c', { as: operator, headers })).status).toBe(200);
  await gateway.call('PUT /other/b', { as: operator, headers: { 'x-amz-copy-source': '/nowhere/a' } });
  expect(operations(await logged())).toEqual([
    'REST.PUT.OBJECT a 200 -',
    'REST.COPY.OBJECT_GET a 200 -',
    'REST.COPY.OBJECT c 200 -',
    'REST.COPY.OBJECT_GET a 200 -',
  ]);
});

test('a bucket that logs into itself has lines of requests, and none of its own log', async () => {
  await setLogging('logs', 'logs');
  await gateway.call('PUT /site/a', { as: operator });
  await gateway.call('GET /logs', { as: operator });
  const lines = await logged();
  expect(lines.map(({ bucket, operation }) => `${bucket} ${operation}`)).toEqual([
    'logs REST.GET.BUCKET',
    'site REST.PUT.OBJECT',
  ]);
});

test('what only an ACL allowed says so', async () => {
  await gateway.call('PUT /site/a', { as: operator, headers: { 'x-amz-acl': 'public-read' } });
  expect((await gateway.call('GET /site/a')).status).toBe(200);
  expect((await logged()).map(({ requester, aclRequired }) => [requester, aclRequired])).toEqual([
    ['arn:aws:iam::000000000000:user/operator', '-'],
    ['-', 'Yes'],
  ]);
});

test('a listing that the ACL of the bucket allowed says so', async () => {
  const acl = { as: operator, query: { acl: '' }, headers: { 'x-amz-acl': 'public-read' } };
  expect((await gateway.call('PUT /site', acl)).status).toBe(200);
  for (const as of [undefined, operator]) expect((await gateway.call('GET /site', as && { as })).status).toBe(200);
  expect((await logged()).map(({ operation, aclRequired }) => [operation, aclRequired])).toEqual([
    ['REST.PUT.ACL', '-'],
    ['REST.GET.BUCKET', 'Yes'],
    ['REST.GET.BUCKET', '-'],
  ]);
});

test('the last line is that of turning it off, or of the end of the bucket', async () => {
  const off = { as: operator, query: { logging: '' }, body: '<BucketLoggingStatus/>' };
  expect((await gateway.call('PUT /site', off)).status).toBe(200);
  await gateway.call('GET /site', { as: operator });
  await setLogging('other', 'logs');
  expect((await gateway.call('DELETE /other', { as: operator })).status).toBe(204);
  expect(operations(await logged()).sort()).toEqual(['REST.DELETE.BUCKET - 204 -', 'REST.PUT.LOGGING_STATUS - 200 -']);
});

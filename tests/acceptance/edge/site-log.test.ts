import { GetObjectCommand, ListObjectsV2Command, PutBucketLoggingCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { type AccessLogLine, parseAccessLog } from '../../support/access-log.ts';
import { startObjectStore, type TestObjectStore } from '../../support/object-store.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { EdgeBed } from './edge-bed.ts';
import { getRaw, type RawRequest, type SiteClient, siteClient } from './site-client.ts';

const HOST = 'shop.website.localhost';
const PAGE = '<h1>Shop</h1>';

let store: TestObjectStore;
let edge: EdgeBed;
let directory: TemporaryDirectory;
let s3: SiteClient;

const get = (path: string, request: RawRequest = {}) => getRaw(edge.port, path, { host: HOST, ...request });

beforeEach(async () => {
  store = await startObjectStore('logs');
  directory = await temporaryDirectory();
  const cache = { directory: directory.path, maxBytes: 64 * 2 ** 20 };
  edge = await EdgeBed.start({}, { websiteSocket: store.websiteSocket, cache });
  s3 = await siteClient(store);
  const website = { index: 'index.html', error: '404.html' };
  await store.admin.ensureBucket({ name: 'shop', accessibility: 'public', website });
  await s3.put('shop', 'index.html', PAGE, { ContentType: 'text/html' });
  const LoggingEnabled = { TargetBucket: 'logs', TargetPrefix: '' };
  await s3.send(new PutBucketLoggingCommand({ Bucket: 'shop', BucketLoggingStatus: { LoggingEnabled } }));
});

afterEach(async () => {
  s3.destroy();
  await edge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

/** Those of websites, when there are as many; in the order in which they came. */
async function logged(count: number): Promise<AccessLogLine[]> {
  const complete = async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'logs' }));
    const texts = Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'logs', Key }));
      return (await Body?.transformToString()) ?? '';
    });
    const lines = (await Promise.all(texts)).flatMap(parseAccessLog);
    const found = lines.filter(({ operation }) => operation.startsWith('WEBSITE.'));
    return found.length >= count && found;
  };
  return waitUntil(complete, { timeoutMs: 60_000, what: 'the log' });
}

const told = (lines: readonly AccessLogLine[]) =>
  lines
    .map(({ operation, key, requestLine, status, errorCode, bytesSent, objectSize }) =>
      [operation, key, `"${requestLine}"`, status, errorCode, bytesSent, objectSize].join(' '),
    )
    .sort();

test('a line says who saw which page of a website, and what came of it', async () => {
  const headers = { referer: 'http://example.com/', 'user-agent': 'a "browser"', 'x-forwarded-method': 'DELETE' };
  const page = await get('/?X-Amz-Signature=abc', { headers, localAddress: '127.0.0.2' });
  expect(page.text).toBe(PAGE);
  const lines = await logged(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    bucket: 'shop',
    remoteIp: '127.0.0.2',
    requester: '-',
    requestId: page.headers['x-amz-request-id'],
    operation: 'WEBSITE.GET.OBJECT',
    key: 'index.html',
    requestLine: 'GET /?X-Amz-Signature=REDACTED HTTP/1.1',
    status: '200',
    errorCode: '-',
    bytesSent: String(PAGE.length),
    objectSize: String(PAGE.length),
    totalMs: expect.stringMatching(/^\d+$/),
    referer: 'http://example.com/',
    userAgent: 'a %22browser%22',
    signatureVersion: '-',
    authType: '-',
    host: HOST,
  });
});

test('each request has one line, also where the edge has the page in its cache', async () => {
  for (let i = 0; i < 3; i++) expect((await get('/')).text).toBe(PAGE);
  expect((await get('/', { headers: { range: 'bytes=0-3' } })).status).toBe(206);
  await s3.put('shop', 'index.html', 'new', { ContentType: 'text/html' });
  const { text, headers } = await get('/');
  expect(text).toBe('new');
  expect((await get('/', { headers: { 'if-none-match': headers.etag ?? '' } })).status).toBe(304);
  expect((await get('/', { method: 'HEAD' })).status).toBe(200);
  expect(told(await logged(7))).toEqual([
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 200 - 13 13',
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 200 - 13 13',
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 200 - 13 13',
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 200 - 3 3',
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 206 - 4 13',
    'WEBSITE.GET.OBJECT index.html "GET / HTTP/1.1" 304 - - 3',
    'WEBSITE.HEAD.OBJECT index.html "HEAD / HTTP/1.1" 200 - - 3',
  ]);
});

test('what is not there, and what leads elsewhere, has a line too', async () => {
  await s3.put('shop', '404.html', 'not in stock', { ContentType: 'text/html' });
  await s3.put('shop', 'docs/index.html', PAGE);
  expect((await get('/gone')).text).toBe('not in stock');
  expect((await get('/docs')).status).toBe(302);
  expect((await get('/a', { method: 'POST', body: 'b' })).status).toBe(405);
  const lines = await logged(3);
  expect(
    lines.map(({ operation, key, status, errorCode }) => `${operation} ${key} ${status} ${errorCode}`).sort(),
  ).toEqual([
    'WEBSITE.GET.OBJECT docs 302 -',
    'WEBSITE.GET.OBJECT gone 404 NoSuchKey',
    'WEBSITE.POST.OBJECT a 405 MethodNotAllowed',
  ]);
  expect(lines.find(({ key }) => key === 'gone')).toMatchObject({ bytesSent: '12', objectSize: '-' });
});

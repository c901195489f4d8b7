import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  GetObjectCommand,
  PutBucketAclCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startObjectStore, type TestObjectStore } from '../../support/object-store.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts';
import { EdgeBed } from './edge-bed.ts';
import { getRaw, type RawAnswer, type RawRequest, type SiteClient, siteClient } from './site-client.ts';

const DOMAIN = 'www.shop.example';
const STYLE = `body { color: teal }\n`.repeat(200);
const PHOTO = Buffer.from(createHash('sha256').update('photo').digest('hex').repeat(4000));

let store: TestObjectStore;
let edge: EdgeBed;
let directory: TemporaryDirectory;
let s3: SiteClient;

const get = (path: string, request: RawRequest = {}): Promise<RawAnswer> =>
  getRaw(edge.port, path, { host: DOMAIN, ...request });

beforeAll(async () => {
  store = await startObjectStore();
  directory = await temporaryDirectory();
  const cache = { directory: directory.path, maxBytes: 64 * 2 ** 20 };
  edge = await EdgeBed.start({}, { websiteSocket: store.websiteSocket, cache });
  s3 = await siteClient(store);
  const website = { index: 'index.html', error: '404.html' };
  await store.admin.ensureBucket({ name: 'shop', accessibility: 'public', website, domains: [DOMAIN] });
  await s3.put('shop', 'index.html', '<h1>Shop</h1>', { ContentType: 'text/html' });
  await s3.put('shop', '404.html', '<h1>Not in stock</h1>', { ContentType: 'text/html' });
  await s3.put('shop', 'docs/index.html', '<h1>Docs</h1>', { ContentType: 'text/html' });
  await s3.put('shop', 'style.css', STYLE, { ContentType: 'text/css', CacheControl: 'max-age=60' });
  await s3.put('shop', 'photo.jpg', PHOTO, { ContentType: 'image/jpeg' });
});

afterAll(async () => {
  s3.destroy();
  await edge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

describe('a website', () => {
  test('answers at its domain, at its own name, in any case and with a port', async () => {
    for (const host of [DOMAIN, `${DOMAIN.toUpperCase()}:7380`, 'shop.website.localhost:7380']) {
      const { status, headers, text } = await get('/', { host });
      expect([status, text]).toEqual([200, '<h1>Shop</h1>']);
      expect(headers).toMatchObject({
        'content-type': 'text/html',
        'cache-control': 'public, max-age=0, must-revalidate',
      });
      expect(headers['set-cookie']).toBeUndefined();
    }
  });

  test('leads directories to their index', async () => {
    expect(await get('/docs')).toMatchObject({ status: 302, headers: { location: '/docs/' } });
    expect(await get('/docs/')).toMatchObject({ status: 200, text: '<h1>Docs</h1>' });
  });

  test('shows its error document for what is not there', async () => {
    const missing = await get('/gone?x=1');
    expect(missing).toMatchObject({ status: 404, text: '<h1>Not in stock</h1>' });
    expect(missing.headers.etag).toBeUndefined();
    expect(await get('/gone', { method: 'HEAD' })).toMatchObject({ status: 404, text: '' });
  });

  test('follows redirects of the website and of its objects', async () => {
    await store.admin.ensureBucket({ name: 'moved', accessibility: 'public' });
    const rules = [
      { Condition: { KeyPrefixEquals: 'old/' }, Redirect: { ReplaceKeyPrefixWith: 'new/' } },
      { Condition: { HttpErrorCodeReturnedEquals: '404' }, Redirect: { HostName: DOMAIN, HttpRedirectCode: '307' } },
    ] as const;
    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket: 'moved',
        WebsiteConfiguration: { IndexDocument: { Suffix: 'index.html' }, RoutingRules: [...rules] },
      }),
    );
    await s3.put('moved', 'start', 'elsewhere', { WebsiteRedirectLocation: 'https://elsewhere.example/' });
    const host = 'moved.website.localhost';
    const at = async (path: string) => {
      const { status, headers } = await get(path, { host });
      return [status, headers.location];
    };
    expect(await at('/old/a')).toEqual([301, `http://${host}/new/a`]);
    expect(await at('/start')).toEqual([301, 'https://elsewhere.example/']);
    expect(await at('/gone')).toEqual([307, `http://${DOMAIN}/gone`]);
  });

  test('takes no other methods, and needs a name that a bucket has', async () => {
    const { status, headers } = await get('/', { method: 'PUT', body: 'x' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
    for (const host of ['nobody.example', 'no-such-bucket.website.localhost', 'localhost']) {
      expect(await get('/', { host })).toMatchObject({ status: 404, text: expect.stringContaining('No app answers') });
    }
  });

  test('reads keys as they are written', async () => {
    await s3.put('shop', 'a b/ä+c?.txt', 'named');
    expect(await get('/a%20b/%C3%A4+c%3F.txt?v=2')).toMatchObject({ status: 200, text: 'named' });
    expect(await get('/%ff')).toMatchObject({ status: 400 });
  });
});

describe('who may read', () => {
  test('a private bucket is refused, at once when it becomes so', async () => {
    await store.admin.ensureBucket({ name: 'diary', accessibility: 'public' });
    await s3.put('diary', 'page', 'dear diary');
    const host = 'diary.website.localhost';
    expect(await get('/page', { host })).toMatchObject({ status: 200, text: 'dear diary' });
    await store.admin.ensureBucket({ name: 'diary', accessibility: 'private' });
    const refused = await get('/page', { host });
    expect(refused).toMatchObject({ status: 403, text: expect.stringContaining('AccessDenied') });
    for (const path of ['/no-such-page', '/']) expect(await get(path, { host })).toMatchObject({ status: 403 });
  });

  test('who may list a bucket is told what is not there', async () => {
    await store.admin.ensureBucket({ name: 'listed' });
    await s3.put('listed', 'page', 'closed');
    await s3.send(new PutBucketAclCommand({ Bucket: 'listed', ACL: 'public-read' }));
    const host = 'listed.website.localhost';
    for (const path of ['/no-such-page', '/']) expect(await get(path, { host })).toMatchObject({ status: 404 });
    expect(await get('/page', { host })).toMatchObject({ status: 403 });
  });

  test('a policy counts, with the address of the client and not of the edge', async () => {
    await store.admin.ensureBucket({ name: 'inside' });
    await s3.put('inside', 'page', 'within');
    const allow = async (SourceIp: string) => {
      const Statement = {
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::inside/*',
        Condition: { IpAddress: { 'aws:SourceIp': SourceIp } },
      };
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] });
      await s3.send(new PutBucketPolicyCommand({ Bucket: 'inside', Policy }));
    };
    const host = 'inside.website.localhost';
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    await allow('127.0.0.2');
    expect(await get('/page', { host, headers, localAddress: '127.0.0.2' })).toMatchObject({ status: 200 });
    expect(await get('/page', { host, headers })).toMatchObject({ status: 403 });
    await allow('203.0.113.9');
    expect(await get('/page', { host, headers })).toMatchObject({ status: 403 });
  });
});

describe('validators and ranges', () => {
  test('what has not changed is not sent again', async () => {
    const { headers } = await get('/photo.jpg');
    const etag = headers.etag as string;
    const again = await get('/photo.jpg', { headers: { 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, text: '', headers: { etag } });
    expect(again.headers['content-length']).toBeUndefined();
    const since = { 'if-modified-since': headers['last-modified'] as string };
    expect(await get('/photo.jpg', { headers: since })).toMatchObject({ status: 304 });
    expect(await get('/photo.jpg', { headers: { 'if-match': '"other"' } })).toMatchObject({ status: 412 });
  });

  test('ranges are sent, as long as the object is the one they are of', async () => {
    const { headers } = await get('/photo.jpg');
    const part = await get('/photo.jpg', { headers: { range: 'bytes=1000-1009' } });
    expect(part).toMatchObject({
      status: 206,
      text: PHOTO.subarray(1000, 1010).toString(),
      headers: { 'content-range': `bytes 1000-1009/${PHOTO.length}`, etag: headers.etag },
    });
    const stale = { range: 'bytes=0-9', 'if-range': '"old"' };
    expect(await get('/photo.jpg', { headers: stale })).toMatchObject({ status: 200, bytes: PHOTO });
    const beyond = { range: `bytes=${PHOTO.length}-` };
    const unsatisfied = { status: 416, headers: { 'content-range': `bytes */${PHOTO.length}` } };
    expect(await get('/photo.jpg', { headers: beyond })).toMatchObject(unsatisfied);
  });

  test('an overwritten object is new at once, a deleted one gone', async () => {
    await s3.put('shop', 'news', 'one');
    expect(await get('/news')).toMatchObject({ status: 200, text: 'one' });
    await s3.put('shop', 'news', 'two');
    expect(await get('/news')).toMatchObject({ status: 200, text: 'two' });
    await s3.remove('shop', 'news');
    expect(await get('/news')).toMatchObject({ status: 404 });
  });
});

describe('compression', () => {
  const decoders = { br: brotliDecompressSync, gzip: gunzipSync, zstd: zstdDecompressSync };

  test.each(Object.entries(decoders))('text comes as %s to who asks for it', async (coding, decode) => {
    const plain = await get('/style.css');
    expect(plain).toMatchObject({ text: STYLE, headers: { vary: 'Accept-Encoding', 'cache-control': 'max-age=60' } });
    const { status, headers, bytes } = await get('/style.css', { headers: { 'accept-encoding': coding } });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-encoding': coding,
      vary: 'Accept-Encoding',
      etag: `W/${plain.headers.etag}`,
      'content-type': 'text/css',
    });
    expect(decode(bytes).toString()).toBe(STYLE);
    expect(bytes.length).toBeLessThan(STYLE.length / 10);
  });

  test('a weak ETag revalidates, and is no base for a range', async () => {
    const headers = { 'accept-encoding': 'br' };
    const etag = (await get('/style.css', { headers })).headers.etag as string;
    const again = await get('/style.css', { headers: { ...headers, 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, headers: { etag, vary: 'Accept-Encoding' } });
    const part = { ...headers, range: 'bytes=0-3' };
    expect(await get('/style.css', { headers: part })).toMatchObject({ status: 206, text: STYLE.slice(0, 4) });
    const based = await get('/style.css', { headers: { ...part, 'if-range': etag } });
    expect(based).toMatchObject({ status: 200, headers: { 'content-encoding': 'br' } });
  });

  test('what is compressed, small or not to be touched stays as it is', async () => {
    await s3.put('shop', 'ready.css', STYLE, { ContentType: 'text/css', ContentEncoding: 'gzip' });
    await s3.put('shop', 'fixed.css', STYLE, { ContentType: 'text/css', CacheControl: 'no-transform' });
    for (const path of ['/photo.jpg', '/', '/fixed.css', '/gone']) {
      const { headers } = await get(path, { headers: { 'accept-encoding': 'gzip, br' } });
      expect([path, headers['content-encoding']]).toEqual([path, undefined]);
    }
    const ready = await get('/ready.css', { headers: { 'accept-encoding': 'br' } });
    expect(ready).toMatchObject({ text: STYLE, headers: { 'content-encoding': 'gzip' } });
  });

  test('HEAD says the same as GET', async () => {
    for (const coding of ['identity', 'br']) {
      const headers = { 'accept-encoding': coding };
      const whole = await get('/style.css', { headers });
      const head = await get('/style.css', { headers, method: 'HEAD' });
      const { 'transfer-encoding': _framing, 'content-length': _length, ...said } = whole.headers;
      for (const each of ['date', 'x-amz-request-id']) delete said[each];
      expect(head).toMatchObject({ status: 200, text: '', headers: said });
    }
  });
});

test('a page of another origin reads what the rules of the bucket let it, kept or not', async () => {
  const CORSRules = [{ AllowedOrigins: ['https://app.example'], AllowedMethods: ['GET'], ExposeHeaders: ['ETag'] }];
  await store.admin.ensureBucket({ name: 'fonts', accessibility: 'public' });
  await s3.send(new PutBucketCorsCommand({ Bucket: 'fonts', CORSConfiguration: { CORSRules } }));
  await s3.put('fonts', 'a.woff2', PHOTO, { ContentType: 'font/woff2' });
  for (let i = 0; i < 3; i++) {
    const host = 'fonts.website.localhost';
    const allowed = await get('/a.woff2', { host, headers: { origin: 'https://app.example' } });
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example' });
    expect(allowed.headers.vary).toContain('Origin');
    const other = await get('/a.woff2', { host, headers: { origin: 'https://other.example' } });
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([200, undefined]);
  }
});

describe('the object store', () => {
  test('still needs keys at its own address', async () => {
    await store.admin.ensureBucket({ name: 'diary2', website: { index: 'index.html' } });
    const anonymous = new S3Client({ endpoint: store.endpoint, region: 'local', forcePathStyle: true });
    const get = anonymous.send(new GetObjectCommand({ Bucket: 'diary2', Key: 'x' }));
    await expect(get).rejects.toThrow();
    anonymous.destroy();
  });

  test('may be away: the edge says so, and serves when it is back', async () => {
    const away = await startObjectStore();
    const bed = await EdgeBed.start({}, { websiteSocket: away.websiteSocket });
    await away[Symbol.asyncDispose]();
    const { status, headers } = await getRaw(bed.port, '/', { host: DOMAIN });
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    await bed[Symbol.asyncDispose]();
  });
});

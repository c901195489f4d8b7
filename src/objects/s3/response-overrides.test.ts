import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

/** `response-…` of GetObject and HeadObject. */

const KEY = testKey('test', '*');
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway(KEY);
  await gateway.call('PUT /photos', { as: KEY });
  const headers = { 'content-type': 'image/png', 'cache-control': 'max-age=1', 'content-language': 'de' };
  await gateway.call('PUT /photos/a', { as: KEY, headers, body: 'abc' });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const OVERRIDES = {
  'cache-control': 'no-store',
  'content-disposition': `attachment; filename="r%20é.pdf"; filename*=UTF-8''r%C3%A9.pdf`,
  'content-encoding': 'gzip',
  'content-language': 'fr, en',
  'content-type': 'application/pdf; a="b"',
  expires: 'Thu, 01 Dec 2033 16:00:00 GMT',
};

const query = Object.fromEntries(Object.entries(OVERRIDES).map(([name, value]) => [`response-${name}`, value]));

test.each(['GET', 'HEAD'])(
  '%s answers with the headers that the query names, and keeps none of them',
  async (method) => {
    const { status, headers } = await gateway.call(`${method} /photos/a`, { as: KEY, query });
    expect([status, headers['content-length']]).toEqual([200, '3']);
    expect(headers).toMatchObject({ ...OVERRIDES, 'content-disposition': latin1(OVERRIDES['content-disposition']) });
    const plain = await gateway.call(`${method} /photos/a`, { as: KEY });
    expect(plain.headers).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'max-age=1',
      'content-language': 'de',
    });
    expect(plain.headers['content-disposition'] ?? plain.headers['content-encoding'] ?? plain.headers.expires).toBe(
      undefined,
    );
  },
);

test('a part and what is not modified have them too', async () => {
  const part = await gateway.call('GET /photos/a', { as: KEY, query, headers: { range: 'bytes=-2' } });
  expect(part).toMatchObject({ status: 206, text: 'bc', headers: { 'cache-control': 'no-store' } });
  const headers = { 'if-none-match': '*' };
  const same = await gateway.call('GET /photos/a', { as: KEY, query, headers });
  expect(same).toMatchObject({ status: 304, headers: { 'cache-control': 'no-store', expires: OVERRIDES.expires } });
  const unnamed = await gateway.call('GET /photos/a', { as: KEY, headers });
  expect(unnamed).toMatchObject({ status: 304, headers: { 'cache-control': 'max-age=1', etag: expect.any(String) } });
  expect(unnamed.headers).not.toHaveProperty('content-type');
});

test('a request that nobody has signed names none', async () => {
  await gateway.call('PUT /photos/open', { as: KEY, headers: { 'x-amz-acl': 'public-read' }, body: 'x' });
  expect((await gateway.call('GET /photos/open')).status).toBe(200);
  for (const name of Object.keys(query)) {
    const refused = await gateway.call('GET /photos/open', { query: { [name]: 'x' } });
    expect([name, refused.status, refused.code]).toEqual([name, 400, 'InvalidRequest']);
  }
});

/** As bytes that came in UTF-8 are read by node:http. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

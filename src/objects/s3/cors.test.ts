import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);
const origin = 'https://app.example';

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(web, other);
  await gateway.store.createBucket('photos', { accessibility: 'public' });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const preflight = (method: string, headers?: string, from = origin) =>
  gateway.call('OPTIONS /photos/a', {
    headers: {
      origin: from,
      'access-control-request-method': method,
      ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
    },
  });

const rules = `<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://*.example</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>
    <AllowedHeader>x-amz-*</AllowedHeader><AllowedHeader>Content-Type</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds>
  </CORSRule>
  <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>
</CORSConfiguration>`;
const setRules = () => gateway.call('PUT /photos', { as: web, query: { cors: '' }, body: rules });

describe('without a configuration', () => {
  test('any page may send what it can sign', async () => {
    const answer = await preflight('PUT', 'authorization,x-amz-date');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,x-amz-date',
    });
    const missing = await gateway.call('GET /photos/a', { headers: { origin } });
    expect(missing.status).toBe(404);
    expect(missing.headers['access-control-allow-origin']).toBe('*');
  });

  test('there is none to give', async () => {
    const answer = await gateway.call('GET /photos', { as: web, query: { cors: '' } });
    expect(answer).toMatchObject({ status: 404, code: 'NoSuchCORSConfiguration' });
  });
});

describe('with rules', () => {
  beforeEach(async () => {
    expect((await setRules()).status).toBe(200);
  });

  test('they are given back, and taken away', async () => {
    const { text } = await gateway.call('GET /photos', { as: web, query: { cors: '' } });
    expect(text).toContain('<AllowedHeader>x-amz-*</AllowedHeader><AllowedHeader>content-type</AllowedHeader>');
    expect(text).toContain('<MaxAgeSeconds>600</MaxAgeSeconds>');
    expect((await gateway.call('DELETE /photos', { as: web, query: { cors: '' } })).status).toBe(204);
    expect((await preflight('DELETE')).headers['access-control-allow-origin']).toBe('*');
  });

  test('a preflight is answered by the first that covers it', async () => {
    const answer = await preflight('PUT', 'X-Amz-Acl, Content-Type');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT, GET',
      'access-control-allow-headers': 'x-amz-acl, content-type',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'ETag',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    });
    const open = await preflight('GET', undefined, 'https://elsewhere.test');
    expect(open.headers['access-control-allow-origin']).toBe('*');
    expect(open.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(open.headers).not.toHaveProperty('access-control-max-age');
  });

  test.each([
    ['DELETE', undefined, origin],
    ['PUT', 'authorization', origin],
    ['PUT', undefined, 'https://elsewhere.test'],
  ])('a preflight for %s with %s from %s is refused', async (method, headers, from) => {
    const answer = await preflight(method, headers, from);
    expect(answer).toMatchObject({ status: 403, code: 'AccessForbidden' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test.each(['photos', 'open'])('a preflight for %s must say from where and what for', async (bucket) => {
    await gateway.store.createBucket('open');
    const incomplete: Record<string, string>[] = [{}, { origin }, { 'access-control-request-method': 'PUT' }];
    for (const headers of incomplete) {
      const answer = await gateway.call(`OPTIONS /${bucket}/a`, { headers });
      expect(answer).toMatchObject({ status: 400, code: 'BadRequest' });
    }
  });

  test.each(['photos', 'open'])('a preflight for %s is for a method and headers there are', async (bucket) => {
    await gateway.store.createBucket('open');
    for (const [method, names] of [
      ['put', 'x-amz-acl'],
      ['PATCH', 'x-amz-acl'],
      ['PUT', 'x-amz-acl,x y'],
      ['PUT', 'x(y)'],
    ]) {
      const headers = {
        origin,
        'access-control-request-method': `${method}`,
        'access-control-request-headers': `${names}`,
      };
      const answer = await gateway.call(`OPTIONS /${bucket}/a`, { headers });
      expect(answer).toMatchObject({ status: 400, code: 'BadRequest' });
    }
  });

  test('answers tell the page what it may read, also when they are errors', async () => {
    const missing = await gateway.call('GET /photos/a', { headers: { origin } });
    expect(missing.status).toBe(404);
    expect(missing.headers['access-control-allow-origin']).toBe(origin);
    expect(missing.headers.vary).toContain('Origin');
    const refused = await gateway.call('DELETE /photos/a', { as: web, headers: { origin } });
    expect(refused.status).toBe(204);
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await gateway.call('GET /photos/a')).headers.vary).toBe('Origin');
  });
});

test('another service cannot set rules', async () => {
  const answer = await gateway.call('PUT /photos', { as: other, query: { cors: '' }, body: rules });
  expect(answer).toMatchObject({ status: 403, code: 'AccessDenied' });
});

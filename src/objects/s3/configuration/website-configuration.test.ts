import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../../tests/support/s3-gateway.ts';

const web = testKey('photos/web', ['photos']);
let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(web);
  await gateway.store.createBucket('photos', { accessibility: 'public' });
});
afterEach(() => gateway[Symbol.asyncDispose]());

const website = { as: web, query: { website: '' } };
const put = (content: string) =>
  gateway.call('PUT /photos', { ...website, body: `<WebsiteConfiguration>${content}</WebsiteConfiguration>` });
const INDEX = '<IndexDocument><Suffix>index.html</Suffix></IndexDocument>';
const rule = (content: string) => `${INDEX}<RoutingRules><RoutingRule>${content}</RoutingRule></RoutingRules>`;

describe('the configuration', () => {
  test('is given back as it was put, until it is taken away', async () => {
    const all = `${INDEX}<ErrorDocument><Key>404.html</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect><Protocol>https</Protocol><HostName>b.example</HostName><ReplaceKeyPrefixWith>b/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule></RoutingRules>`;
    expect(await put(all)).toMatchObject({ status: 200 });
    expect((await gateway.call('GET /photos', website)).text).toContain(all);
    expect(await gateway.call('DELETE /photos', website)).toMatchObject({ status: 204 });
    expect(await gateway.call('GET /photos', website)).toMatchObject({
      status: 404,
      code: 'NoSuchWebsiteConfiguration',
    });
  });

  test('may be a redirect of everything', async () => {
    const all =
      '<RedirectAllRequestsTo><HostName>b.example</HostName><Protocol>https</Protocol></RedirectAllRequestsTo>';
    expect(await put(all)).toMatchObject({ status: 200 });
    expect((await gateway.call('GET /photos', website)).text).toContain(all);
  });

  test.each([
    ['', 'InvalidArgument'],
    ['<IndexDocument><Suffix>a/b</Suffix></IndexDocument>', 'InvalidArgument'],
    [`${INDEX}<ErrorDocument><Key></Key></ErrorDocument>`, 'InvalidArgument'],
    [`${INDEX}<RedirectAllRequestsTo><HostName>b</HostName></RedirectAllRequestsTo>`, 'InvalidRequest'],
    ['<RedirectAllRequestsTo><HostName>b/c</HostName></RedirectAllRequestsTo>', 'InvalidRequest'],
    [rule('<Redirect></Redirect>'), 'InvalidRequest'],
    [rule('<Condition></Condition><Redirect><HostName>b</HostName></Redirect>'), 'InvalidRequest'],
    [rule('<Redirect><Protocol>ftp</Protocol></Redirect>'), 'InvalidRequest'],
    [rule('<Redirect><HostName>b</HostName><HttpRedirectCode>200</HttpRedirectCode></Redirect>'), 'InvalidRequest'],
    [
      rule('<Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>'),
      'InvalidRequest',
    ],
    [rule('<Redirect><ReplaceKeyWith>&#xD800;</ReplaceKeyWith></Redirect>'), 'MalformedXML'],
    [rule(''), 'MalformedXML'],
  ])('is refused where S3 refuses it: %s', async (content, code) => {
    expect(await put(content)).toMatchObject({ status: 400, code });
  });
});

describe('the redirect of an object', () => {
  const location = 'x-amz-website-redirect-location';

  test('is kept with it, and not copied', async () => {
    const headers = { [location]: '/elsewhere' };
    expect(await gateway.call('PUT /photos/a', { as: web, headers, body: 'x' })).toMatchObject({ status: 200 });
    expect((await gateway.call('HEAD /photos/a')).headers[location]).toBe('/elsewhere');
    const source = { 'x-amz-copy-source': '/photos/a' };
    await gateway.call('PUT /photos/b', { as: web, headers: source });
    expect((await gateway.call('HEAD /photos/b')).headers[location]).toBeUndefined();
    await gateway.call('PUT /photos/c', { as: web, headers: { ...source, [location]: 'https://c.example/' } });
    expect((await gateway.call('HEAD /photos/c')).headers[location]).toBe('https://c.example/');
  });

  test('is a path or a URL', async () => {
    const answer = await gateway.call('PUT /photos/a', { as: web, headers: { [location]: 'javascript:0' }, body: 'x' });
    expect(answer).toMatchObject({ status: 400, code: 'InvalidRedirectLocation' });
  });
});

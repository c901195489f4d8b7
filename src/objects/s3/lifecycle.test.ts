import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const web = testKey('logs/web', ['logs']);
const other = testKey('other/web', ['other']);
const query = { lifecycle: '' };

let gateway: TestGateway;
let call: TestGateway['call'];

beforeEach(async () => {
  gateway = await startTestGateway(web, other);
  call = gateway.call;
  await gateway.store.createBucket('logs');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const set = (rules: string, as = web) =>
  call('PUT /logs', { as, query, body: `<LifecycleConfiguration>${rules}</LifecycleConfiguration>` });
const get = async () => (await call('GET /logs', { as: web, query })).text;
const rule = (content: string, id = 'r') => `<Rule><ID>${id}</ID>${content}</Rule>`;
const ON = '<Status>Enabled</Status>';
const FILTER = '<Filter></Filter>';
const DAYS = '<Expiration><Days>1</Days></Expiration>';
const tag = (key: string) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`;

describe('lifecycle rules', () => {
  test.each([
    rule(`${FILTER}${ON}${DAYS}`),
    rule(`<Prefix>logs/</Prefix>${ON}<Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration>`),
    rule(`<Filter><Prefix></Prefix></Filter><Status>Disabled</Status>${DAYS}`),
    rule(`<Filter>${tag('a')}</Filter>${ON}${DAYS}`),
    rule(`<Filter><ObjectSizeGreaterThan>0</ObjectSizeGreaterThan></Filter>${ON}${DAYS}`),
    rule(
      `<Filter><And><Prefix>p</Prefix>${tag('a')}${tag('b')}<ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>` +
        `<ObjectSizeLessThan>9</ObjectSizeLessThan></And></Filter>${ON}${DAYS}`,
    ),
    rule(
      `${FILTER}${ON}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>` +
        '<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>' +
        '<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
    ) + rule(`${FILTER}${ON}${DAYS}`, 's'),
  ])('are given back as they were set: %s', async (rules) => {
    expect((await set(rules)).status).toBe(200);
    expect(await get()).toContain(rules);
  });

  test('are none at first, and taken away', async () => {
    expect(await get()).toContain('<Code>NoSuchLifecycleConfiguration</Code>');
    expect((await set(`<Rule>${FILTER}${ON}${DAYS}</Rule>`)).status).toBe(200);
    expect(await get()).toMatch(/<ID>.+<\/ID>/);
    expect((await set(rule(`${FILTER}${ON}${DAYS}`), other)).status).toBe(403);
    expect((await call('DELETE /logs', { as: other, query })).status).toBe(403);
    expect((await call('DELETE /logs', { as: web, query })).status).toBe(204);
    expect((await call('GET /logs', { as: web, query })).status).toBe(404);
    expect(gateway.store.bucket('logs')).toBeDefined();
  });

  test.each([
    ['', 'MalformedXML'],
    [rule(`${FILTER}${DAYS}`), 'MalformedXML'],
    [rule(`${FILTER}<Status>enabled</Status>${DAYS}`), 'MalformedXML'],
    [rule(`${ON}${DAYS}`), 'MalformedXML'],
    [rule(`${FILTER}<Prefix>a</Prefix>${ON}${DAYS}`), 'MalformedXML'],
    [rule(`<Filter><Prefix>a</Prefix>${tag('a')}</Filter>${ON}${DAYS}`), 'MalformedXML'],
    [rule(`${FILTER}${ON}`), 'InvalidRequest'],
    [rule(`${FILTER}${ON}<Expiration></Expiration>`), 'MalformedXML'],
    [rule(`${FILTER}${ON}<Expiration><Days>0</Days></Expiration>`), 'InvalidArgument'],
    [rule(`${FILTER}${ON}<Expiration><Days>x</Days></Expiration>`), 'MalformedXML'],
    [rule(`${FILTER}${ON}<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>`), 'MalformedXML'],
    [rule(`${FILTER}${ON}<Expiration><Date>2030-01-01T10:00:00Z</Date></Expiration>`), 'InvalidArgument'],
    [rule(`${FILTER}${ON}<Expiration><Date>20300101</Date></Expiration>`), 'MalformedXML'],
    [
      rule(
        `<Filter>${tag('a')}</Filter>${ON}<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`,
      ),
      'InvalidRequest',
    ],
    [
      rule(
        `<Filter>${tag('a')}</Filter>${ON}<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>`,
      ),
      'InvalidRequest',
    ],
    [
      rule(
        `${FILTER}${ON}<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays></NoncurrentVersionExpiration>`,
      ),
      'InvalidArgument',
    ],
    [rule(`<Filter><And>${tag('a')}${tag('a')}</And></Filter>${ON}${DAYS}`), 'InvalidRequest'],
    [rule(`<Filter>${tag('aws:a')}</Filter>${ON}${DAYS}`), 'InvalidTag'],
    [rule(`${FILTER}${ON}${DAYS}`, 'x'.repeat(256)), 'InvalidArgument'],
    [rule(`${FILTER}${ON}${DAYS}`) + rule(`${FILTER}${ON}${DAYS}`), 'InvalidArgument'],
    [
      rule(`${FILTER}${ON}<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>`),
      'NotImplemented',
    ],
  ])('%.200s is refused', async (rules, code) => {
    expect(await set(rules)).toMatchObject({ code });
    expect(gateway.store.bucket('logs')?.documents).toBeUndefined();
  });

  test('are told with an object that they will remove', async () => {
    const put = (key: string) => call(`PUT /logs/${key}`, { as: web, body: 'x' });
    const expiration = async (answer: ReturnType<typeof call>) => (await answer).headers['x-amz-expiration'];
    await put('tmp/a');
    const late = `<Filter><Prefix>tmp/</Prefix></Filter>${ON}<Expiration><Date>2999-01-01T00:00:00.000Z</Date></Expiration>`;
    const soon = `<Filter>${tag('a')}</Filter>${ON}<Expiration><Date>2998-01-01T00:00:00.000Z</Date></Expiration>`;
    await set(rule(late, 'late ä') + rule(soon, 'soon'));
    const told = 'expiry-date="Tue, 01 Jan 2999 00:00:00 GMT", rule-id="late%20%C3%A4"';
    expect(await expiration(put('tmp/a'))).toBe(told);
    expect(await expiration(call('HEAD /logs/tmp/a', { as: web }))).toBe(told);
    expect(await expiration(put('b'))).toBeUndefined();
    const tagged = { as: web, headers: { 'x-amz-tagging': 'a=v' }, body: 'x' };
    expect(await expiration(call('PUT /logs/tmp/a', tagged))).toContain('rule-id="soon"');
    const copy = { as: web, headers: { 'x-amz-copy-source': 'logs/b' } };
    expect(await expiration(call('PUT /logs/tmp/c', copy))).toBe(told);
  });

  test('are told with an upload that they will abort', async () => {
    const begun = (key: string) => call(`POST /logs/${key}`, { as: web, query: { uploads: '' } });
    const days = (n: number) =>
      `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${n}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`;
    const filter = '<Filter><Prefix>tmp/</Prefix></Filter>';
    await set(rule(filter + ON + days(7), 'late') + rule(filter + ON + days(3), 'soon ä'));
    const upload = await begun('tmp/a');
    const due = Date.parse(upload.headers['x-amz-abort-date'] as string);
    expect(due - Date.now()).toBeGreaterThan(2.9 * 86_400_000);
    expect([due % 86_400_000, due - Date.now() < 4.1 * 86_400_000]).toEqual([0, true]);
    expect(upload.headers['x-amz-abort-rule-id']).toBe('soon%20%C3%A4');
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(upload.text)?.[1] ?? '';
    const parts = await call('GET /logs/tmp/a', { as: web, query: { uploadId } });
    expect(parts.headers['x-amz-abort-date']).toBe(upload.headers['x-amz-abort-date']);
    expect((await begun('b')).headers['x-amz-abort-date']).toBeUndefined();
  });
});

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const web = testKey('safe/web', ['safe', 'plain']);
const YEAR = new Date(Date.now() + 365 * 24 * 3600_000).toISOString();
const TWO_YEARS = new Date(Date.now() + 730 * 24 * 3600_000).toISOString();
const BYPASS = { 'x-amz-bypass-governance-retention': 'true' };
const md5 = (body: string) => createHash('md5').update(body).digest('base64');
const lock = (mode: string, until = YEAR) => ({
  'x-amz-object-lock-mode': mode,
  'x-amz-object-lock-retain-until-date': until,
});

let gateway: TestGateway;
let call: TestGateway['call'];

beforeEach(async () => {
  gateway = await startTestGateway(operator, web);
  call = gateway.call;
  const headers = { 'x-amz-bucket-object-lock-enabled': 'true' };
  expect((await call('PUT /safe', { as: web, headers })).status).toBe(200);
  await gateway.store.createBucket('plain');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const put = (headers: Record<string, string> = {}, as = web) =>
  call('PUT /safe/a', { as, headers: { 'content-md5': md5('bytes'), ...headers }, body: 'bytes' });
const versionOf = async (answer: ReturnType<typeof put>) => String((await answer).headers['x-amz-version-id']);
const configure = (content: string, bucket: 'safe' | 'plain' = 'safe') => {
  const body = `<ObjectLockConfiguration>${content}</ObjectLockConfiguration>`;
  return call(`PUT /${bucket}`, { as: web, query: { 'object-lock': '' }, body });
};
const enabled = '<ObjectLockEnabled>Enabled</ObjectLockEnabled>';
const rule = (content: string) => `${enabled}<Rule><DefaultRetention>${content}</DefaultRetention></Rule>`;
const retain = (content: string, { as = web, headers = {}, key = 'a' } = {}) =>
  call(`PUT /safe/${key}`, { as, query: { retention: '' }, headers, body: `<Retention>${content}</Retention>` });
const until = (mode: string, date = YEAR) => `<Mode>${mode}</Mode><RetainUntilDate>${date}</RetainUntilDate>`;
const holdAs = (status: string) =>
  call('PUT /safe/a', {
    as: web,
    query: { 'legal-hold': '' },
    body: `<LegalHold><Status>${status}</Status></LegalHold>`,
  });
const remove = (versionId: string, more: { as?: typeof web; headers?: Record<string, string> } = {}) =>
  call('DELETE /safe/a', { as: web, query: { versionId }, ...more });

describe('a bucket', () => {
  test('has a configuration once it has object lock', async () => {
    const get = (bucket: string) => call(`GET /${bucket}`, { as: web, query: { 'object-lock': '' } });
    expect(await get('plain')).toMatchObject({ status: 404, code: 'ObjectLockConfigurationNotFoundError' });
    expect(await configure(enabled, 'plain')).toMatchObject({ status: 409, code: 'InvalidBucketState' });
    await gateway.store.updateBucket('plain', { versioning: 'enabled' });
    expect((await configure(enabled, 'plain')).status).toBe(200);
    expect((await get('plain')).text).toMatch(/<ObjectLockEnabled>Enabled<\/ObjectLockEnabled><\/ObjectLockC/);
    for (const period of ['<Days>3</Days>', '<Years>2</Years>']) {
      expect((await configure(rule(`<Mode>GOVERNANCE</Mode>${period}`))).status).toBe(200);
      expect((await get('safe')).text).toContain(rule(`<Mode>GOVERNANCE</Mode>${period}`));
    }
    const body = '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>';
    const suspended = await call('PUT /safe', { as: web, query: { versioning: '' }, body });
    expect(suspended).toMatchObject({ status: 409, code: 'InvalidBucketState' });
  });

  test.each([
    ['', 'MalformedXML'],
    ['<ObjectLockEnabled>Disabled</ObjectLockEnabled>', 'MalformedXML'],
    [rule('<Mode>governance</Mode><Days>1</Days>'), 'MalformedXML'],
    [rule('<Days>1</Days>'), 'MalformedXML'],
    [rule('<Mode>GOVERNANCE</Mode>'), 'MalformedXML'],
    [rule('<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>'), 'MalformedXML'],
    [rule('<Mode>GOVERNANCE</Mode><Days>many</Days>'), 'MalformedXML'],
    [rule('<Mode>GOVERNANCE</Mode><Days>0</Days>'), 'InvalidRetentionPeriod'],
    [rule('<Mode>GOVERNANCE</Mode><Years>-1</Years>'), 'InvalidRetentionPeriod'],
    [rule('<Mode>GOVERNANCE</Mode><Years>101</Years>'), 'InvalidRetentionPeriod'],
  ])('refuses %s', async (content, code) => {
    expect(await configure(content)).toMatchObject({ status: 400, code });
  });

  test('with a default locks what is put, which must prove itself', async () => {
    await configure(rule('<Mode>COMPLIANCE</Mode><Days>1</Days>'));
    const unproven = await call('PUT /safe/a', { as: web, body: 'bytes' });
    expect(unproven).toMatchObject({ status: 400, code: 'InvalidRequest' });
    const versionId = await versionOf(put());
    const { headers } = await call('HEAD /safe/a', { as: web });
    expect(headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
    expect(Date.parse(String(headers['x-amz-object-lock-retain-until-date']))).toBeGreaterThan(Date.now());
    expect(await remove(versionId, { as: operator, headers: BYPASS })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    });
    expect(await call('DELETE /safe', { as: operator })).toMatchObject({ status: 409, code: 'BucketNotEmpty' });
  });
});

describe('a lock', () => {
  test('comes with the object, and is told to whoever may know', async () => {
    const headers = { ...lock('GOVERNANCE'), 'x-amz-object-lock-legal-hold': 'ON' };
    expect((await put(headers)).status).toBe(200);
    expect((await call('GET /safe/a', { as: web })).headers).toMatchObject(headers);
    await gateway.store.updateBucket('safe', { accessibility: 'public' });
    const anyone = await call('GET /safe/a');
    expect(anyone.status).toBe(200);
    expect(Object.keys(anyone.headers).filter((name) => name.startsWith('x-amz-object-lock'))).toEqual([]);
    expect((await call('GET /safe/a', { query: { retention: '' } })).status).toBe(403);
  });

  test('comes with a copy and with an upload by parts, for itself', async () => {
    await put({ ...lock('GOVERNANCE'), 'x-amz-meta-a': 'b' });
    const copy = { 'x-amz-copy-source': 'safe/a' };
    await call('PUT /safe/b', { as: web, headers: copy });
    expect((await call('HEAD /safe/b', { as: web })).headers).not.toHaveProperty('x-amz-object-lock-mode');
    await call('PUT /safe/d', { as: web, headers: { ...copy, ...lock('GOVERNANCE') } });
    expect((await call('HEAD /safe/d', { as: web })).headers).toMatchObject(lock('GOVERNANCE'));
    await call('PUT /safe/b', { as: web, headers: { ...copy, ...lock('COMPLIANCE', TWO_YEARS) } });
    expect((await call('HEAD /safe/b', { as: web })).headers).toMatchObject({
      ...lock('COMPLIANCE', TWO_YEARS),
      'x-amz-meta-a': 'b',
    });
    const { text } = await call('POST /safe/c', { as: web, query: { uploads: '' }, headers: lock('GOVERNANCE') });
    const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
    const part = await call('PUT /safe/c', { as: web, query: { partNumber: '1', uploadId }, body: 'x' });
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    await call('POST /safe/c', { as: web, query: { uploadId }, body });
    expect((await call('HEAD /safe/c', { as: web })).headers).toMatchObject(lock('GOVERNANCE'));
  });

  test.each<[Record<string, string>, string]>([
    [{ 'x-amz-object-lock-mode': 'GOVERNANCE' }, 'InvalidArgument'],
    [{ 'x-amz-object-lock-retain-until-date': YEAR }, 'InvalidArgument'],
    [lock('governance'), 'InvalidArgument'],
    [lock('GOVERNANCE', '2001-01-01T00:00:00Z'), 'InvalidArgument'],
    [lock('GOVERNANCE', 'tomorrow'), 'InvalidArgument'],
    [{ 'x-amz-object-lock-legal-hold': 'on' }, 'InvalidArgument'],
    [{ ...lock('GOVERNANCE'), 'content-md5': '' }, 'InvalidDigest'],
  ])('%j is refused', async (headers, code) => {
    expect(await put(headers)).toMatchObject({ status: 400, code });
  });

  test('needs a bucket that has it, and a digest', async () => {
    const headers = lock('GOVERNANCE');
    const missing = { status: 400, code: 'InvalidRequest' };
    expect(await call('PUT /plain/a', { as: web, headers, body: 'x' })).toMatchObject(missing);
    expect(await call('POST /plain/a', { as: web, query: { uploads: '' }, headers })).toMatchObject(missing);
    for (const sub of ['retention', 'legal-hold']) {
      expect(await call('GET /plain/a', { as: web, query: { [sub]: '' } })).toMatchObject(missing);
      expect(await call('PUT /plain/a', { as: web, query: { [sub]: '' }, body: '<x/>' })).toMatchObject(missing);
    }
    expect(await call('PUT /safe/a', { as: web, headers, body: 'x' })).toMatchObject(missing);
    const checksum = { 'x-amz-checksum-sha256': createHash('sha256').update('x').digest('base64') };
    expect((await call('PUT /safe/a', { as: web, headers: { ...headers, ...checksum }, body: 'x' })).status).toBe(200);
    const md5 = { 'x-amz-checksum-md5': createHash('md5').update('x').digest('base64') };
    expect((await call('PUT /safe/a', { as: web, headers: { ...headers, ...md5 }, body: 'x' })).status).toBe(200);
  });

  test('on an object is set, read, made longer, and bypassed by operators', async () => {
    const versionId = await versionOf(put());
    const get = () => call('GET /safe/a', { as: web, query: { retention: '' } });
    expect(await get()).toMatchObject({ status: 404, code: 'NoSuchObjectLockConfiguration' });
    expect((await retain(until('GOVERNANCE'))).status).toBe(200);
    expect((await get()).text).toContain(until('GOVERNANCE'));
    expect((await retain(until('GOVERNANCE', TWO_YEARS))).status).toBe(200);
    const denied = { status: 403, code: 'AccessDenied' };
    expect(await retain(until('GOVERNANCE'))).toMatchObject(denied);
    expect(await retain('')).toMatchObject(denied);
    expect(await retain(until('GOVERNANCE'), { headers: BYPASS })).toMatchObject(denied);
    expect(await retain(until('GOVERNANCE'), { as: operator })).toMatchObject(denied);
    expect((await retain(until('GOVERNANCE'), { as: operator, headers: BYPASS })).status).toBe(200);
    expect(await remove(versionId, { headers: BYPASS })).toMatchObject(denied);
    expect(await remove(versionId, { as: operator })).toMatchObject(denied);
    expect((await call('DELETE /safe/a', { as: web })).status).toBe(204);
    const body = `<Delete><Object><Key>a</Key><VersionId>${versionId}</VersionId></Object></Delete>`;
    const several = await call('POST /safe', { as: web, query: { delete: '' }, headers: BYPASS, body });
    expect(several).toMatchObject({ status: 200, code: 'AccessDenied' });
    expect((await remove(versionId, { as: operator, headers: BYPASS })).status).toBe(204);
  });

  test.each([
    [until('abc'), 'MalformedXML'],
    ['<Mode>GOVERNANCE</Mode>', 'MalformedXML'],
    [until('GOVERNANCE', '2001-01-01T00:00:00Z'), 'InvalidArgument'],
  ])('of %s is refused', async (content, code) => {
    await put();
    expect(await retain(content)).toMatchObject({ status: 400, code });
    expect(await retain(until('GOVERNANCE'), { key: 'none' })).toMatchObject({ status: 404, code: 'NoSuchKey' });
  });

  test('of a hold goes when the hold does', async () => {
    const versionId = await versionOf(put());
    const get = () => call('GET /safe/a', { as: web, query: { 'legal-hold': '' } });
    expect(await get()).toMatchObject({ status: 404, code: 'NoSuchObjectLockConfiguration' });
    expect(await holdAs('abc')).toMatchObject({ status: 400, code: 'MalformedXML' });
    expect((await holdAs('ON')).status).toBe(200);
    expect((await get()).text).toContain('<Status>ON</Status>');
    expect((await remove(versionId, { as: operator, headers: BYPASS })).status).toBe(403);
    expect((await holdAs('OFF')).status).toBe(200);
    expect((await remove(versionId)).status).toBe(204);
  });

  test('is as long and of the kind that a policy allows, in headers and in bodies', async () => {
    await versionOf(put());
    const deny = { Effect: 'Deny', Principal: '*', Resource: 'arn:aws:s3:::safe/*' };
    const setPolicy = (Condition: object, Action: string) => {
      const body = JSON.stringify({ Statement: [{ ...deny, Action, Condition }] });
      return call('PUT /safe', { as: operator, query: { policy: '' }, body });
    };
    const days = { NumericGreaterThan: { 's3:object-lock-remaining-retention-days': '100' } };
    expect((await setPolicy(days, 's3:PutObjectRetention')).status).toBe(204);
    expect((await put(lock('GOVERNANCE'))).status).toBe(403);
    expect((await retain(until('GOVERNANCE', TWO_YEARS))).status).toBe(403);
    const soon = new Date(Date.now() + 100 * 24 * 3600_000).toISOString();
    expect((await retain(until('GOVERNANCE', soon))).status).toBe(200);
    await setPolicy({ StringEquals: { 's3:object-lock-mode': 'COMPLIANCE' } }, 's3:PutObjectRetention');
    expect((await put(lock('COMPLIANCE'))).status).toBe(403);
    expect((await retain(until('COMPLIANCE', TWO_YEARS))).status).toBe(403);
    expect((await retain(until('GOVERNANCE', TWO_YEARS))).status).toBe(200);
    await setPolicy({ StringEquals: { 's3:object-lock-legal-hold': 'ON' } }, 's3:PutObjectLegalHold');
    expect((await put({ 'x-amz-object-lock-legal-hold': 'ON' })).status).toBe(403);
    expect((await holdAs('ON')).status).toBe(403);
    expect((await holdAs('OFF')).status).toBe(200);
  });

  test('is bypassed, or not given, by policy', async () => {
    const versionId = await versionOf(put(lock('GOVERNANCE')));
    const allow = { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:user/safe/web' } };
    const deny = { Effect: 'Deny', Principal: '*' };
    const Resource = 'arn:aws:s3:::safe/*';
    const setPolicy = (...Statement: object[]) =>
      call('PUT /safe', { as: operator, query: { policy: '' }, body: JSON.stringify({ Statement }) });
    await setPolicy({ ...deny, Resource, Action: ['s3:PutObjectRetention', 's3:BypassGovernanceRetention'] });
    expect((await put(lock('GOVERNANCE'))).status).toBe(403);
    expect((await put()).status).toBe(200);
    expect((await retain(until('GOVERNANCE', TWO_YEARS))).status).toBe(403);
    expect((await remove(versionId, { as: operator, headers: BYPASS })).status).toBe(403);
    await setPolicy({ ...allow, Resource, Action: 's3:BypassGovernanceRetention' });
    expect((await remove(versionId, { headers: BYPASS })).status).toBe(204);
  });
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const service = testKey('photos/web', ['site', 'logs']);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator, service);
  for (const bucket of ['site', 'logs']) await gateway.store.createBucket(bucket);
});
afterEach(() => gateway[Symbol.asyncDispose]());

const enabled = (content: string) =>
  `<BucketLoggingStatus><LoggingEnabled>${content}</LoggingEnabled></BucketLoggingStatus>`;
const target = (bucket: string, rest = '') =>
  enabled(`<TargetBucket>${bucket}</TargetBucket><TargetPrefix>site/</TargetPrefix>${rest}`);
const format = (content: string) => `<TargetObjectKeyFormat>${content}</TargetObjectKeyFormat>`;
const grant = '<TargetGrants><Grant><Grantee/><Permission>READ</Permission></Grant></TargetGrants>';

const set = (body: string, as = operator) => gateway.call('PUT /site', { as, query: { logging: '' }, body });
const get = async (as = operator) => (await gateway.call('GET /site', { as, query: { logging: '' } })).text;

test('a bucket has no logging until it is set, gives it back as it came, and loses it by an empty status', async () => {
  expect(await get()).toMatch(/<BucketLoggingStatus xmlns="[^"]+"><\/BucketLoggingStatus>$/);
  expect((await set(target('logs'))).status).toBe(200);
  expect(await get(service)).toContain(
    '<LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>site/</TargetPrefix></LoggingEnabled>',
  );
  expect((await set('<BucketLoggingStatus/>')).status).toBe(200);
  expect(await get()).not.toContain('LoggingEnabled');
});

test.each([
  ['<SimplePrefix/>', '<SimplePrefix></SimplePrefix>'],
  [
    '<PartitionedPrefix/>',
    '<PartitionedPrefix><PartitionDateSource>EventTime</PartitionDateSource></PartitionedPrefix>',
  ],
  [
    '<PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource></PartitionedPrefix>',
    '<PartitionedPrefix><PartitionDateSource>DeliveryTime</PartitionDateSource></PartitionedPrefix>',
  ],
])('the key format %s is given back', async (asked, given) => {
  expect((await set(target('logs', format(asked)))).status).toBe(200);
  expect(await get()).toContain(format(given));
});

test('a bucket may log into itself', async () => {
  expect((await set(target('site'))).status).toBe(200);
});

test.each([
  ['no such target', target('nowhere'), 400, 'InvalidTargetBucketForLogging'],
  ['no prefix', enabled('<TargetBucket>logs</TargetBucket>'), 400, 'MalformedXML'],
  ['no target', enabled('<TargetPrefix>a</TargetPrefix>'), 400, 'MalformedXML'],
  ['both formats', target('logs', format('<SimplePrefix/><PartitionedPrefix/>')), 400, 'MalformedXML'],
  ['no format', target('logs', format('')), 400, 'MalformedXML'],
  [
    'another date',
    target('logs', format('<PartitionedPrefix><PartitionDateSource>Now</PartitionDateSource></PartitionedPrefix>')),
    400,
    'MalformedXML',
  ],
  [
    'a prefix that leaves no room for a key',
    enabled(`<TargetBucket>logs</TargetBucket><TargetPrefix>${'ä'.repeat(400)}</TargetPrefix>`),
    400,
    'KeyTooLongError',
  ],
  ['grants', target('logs', grant), 501, 'NotImplemented'],
])('%s is refused', async (_, body, status, code) => {
  expect(await set(body)).toMatchObject({ status, code });
  expect(await get()).not.toContain('LoggingEnabled');
});

test('grants are refused as ACLs are where the target takes none', async () => {
  await gateway.store.updateBucket('logs', { documents: { ownership: 'BucketOwnerEnforced' } });
  expect(await set(target('logs', grant))).toMatchObject({ status: 400, code: 'AccessControlListNotSupported' });
});

test('a target that would lock every log object is refused, one that may have locks is not', async () => {
  await gateway.store.createBucket('locking', { objectLock: {} });
  expect((await set(target('locking'))).status).toBe(200);
  const defaultRetention = { mode: 'GOVERNANCE', period: 1, unit: 'days' } as const;
  await gateway.store.updateBucket('locking', { objectLock: { defaultRetention } });
  expect(await set(target('locking'))).toMatchObject({ status: 400, code: 'InvalidTargetBucketForLogging' });
});

test('only operators say where the log goes, whatever a policy allows', async () => {
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::site' }];
  const policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await gateway.store.updateBucket('site', { documents: { policy } });
  expect(await set(target('logs'), service)).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(await set('<BucketLoggingStatus/>', service)).toMatchObject({ status: 403, code: 'AccessDenied' });
});

test('who is the operator of one bucket writes its log into none of another', async () => {
  const ofSite = testKey('operator:site', ['site']);
  const ofBoth = testKey('operator:site+logs', ['site', 'logs']);
  await using gateway = await startTestGateway(ofSite, ofBoth);
  for (const bucket of ['site', 'logs']) await gateway.store.createBucket(bucket);
  const setAs = (as: typeof ofSite, to: string) =>
    gateway.call('PUT /site', { as, query: { logging: '' }, body: target(to) });
  expect(await setAs(ofSite, 'logs')).toMatchObject({ status: 403, code: 'AccessDenied' });
  expect(await setAs(ofSite, 'site')).toMatchObject({ status: 200 });
  expect(await setAs(ofBoth, 'logs')).toMatchObject({ status: 200 });
});

test('of a bucket that is not there nothing is set', async () => {
  const call = { as: operator, query: { logging: '' }, body: target('logs') };
  expect(await gateway.call('PUT /nowhere', call)).toMatchObject({ status: 404, code: 'NoSuchBucket' });
});

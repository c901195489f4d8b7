import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');
const service = testKey('photos/web', ['data']);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator, service);
  await gateway.store.createBucket('data');
});
afterEach(() => gateway[Symbol.asyncDispose]());

interface Rule {
  readonly kind?: string;
  readonly id?: string;
  readonly arn?: string;
  readonly event?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

function xml({ kind = 'Queue', id = 'one', arn = 'arn:holdfast:webhook:::hook', ...rule }: Rule): string {
  const filters = (['prefix', 'suffix'] as const)
    .filter((name) => rule[name] !== undefined)
    .map((name) => `<FilterRule><Name>${name}</Name><Value>${rule[name]}</Value></FilterRule>`);
  const filter = `<Filter><S3Key>${filters.join('')}</S3Key></Filter>`;
  const event = `<Event>${rule.event ?? 's3:ObjectCreated:*'}</Event>`;
  return `<${kind}Configuration><Id>${id}</Id>${filter}<${kind}>${arn}</${kind}>${event}</${kind}Configuration>`;
}

const set = (...rules: readonly Rule[]) =>
  gateway.call('PUT /data', {
    as: operator,
    query: { notification: '' },
    body: `<NotificationConfiguration>${rules.map(xml).join('')}</NotificationConfiguration>`,
  });
const get = () => gateway.call('GET /data', { as: operator, query: { notification: '' } });

test('a configuration is given back as it came, and taken away by an empty one', async () => {
  expect((await get()).text).toContain('<NotificationConfiguration xmlns=');
  expect((await set({ prefix: 'a/&amp;', suffix: '.jpg' }, { kind: 'Topic', id: 'two', prefix: 'b/' })).status).toBe(
    200,
  );
  const { text } = await get();
  expect(text).toContain(
    '<QueueConfiguration><Id>one</Id><Queue>arn:holdfast:webhook:::hook</Queue><Event>s3:ObjectCreated:*</Event>' +
      '<Filter><S3Key><FilterRule><Name>Prefix</Name><Value>a/&amp;</Value></FilterRule>' +
      '<FilterRule><Name>Suffix</Name><Value>.jpg</Value></FilterRule></S3Key></Filter></QueueConfiguration>',
  );
  expect(text).toContain('<TopicConfiguration><Id>two</Id><Topic>arn:holdfast:webhook:::hook</Topic>');
  expect((await set()).status).toBe(200);
  expect((await get()).text).not.toContain('Queue');
});

test.each<[string, readonly Rule[]]>([
  ['a foreign ARN', [{ arn: 'arn:aws:sqs:us-east-1:1:queue' }]],
  ['an unknown event', [{ event: 's3:ObjectRestore:Post' }]],
  ['the same id twice', [{ prefix: 'a' }, { prefix: 'b' }]],
  ['the same prefix twice', [{ prefix: 'a' }, { id: 'two', prefix: 'a' }]],
  ['a prefix in another one', [{ prefix: 'a/b' }, { id: 'two', prefix: 'a/' }]],
  ['a rule without a filter beside one with', [{}, { id: 'two', suffix: '.jpg' }]],
  ['suffixes that one key can end in', [{ suffix: '.jpg' }, { id: 'two', suffix: 'jpg', kind: 'Topic' }]],
  [
    'one expiry of both types',
    [{ event: 's3:LifecycleExpiration:Delete' }, { id: 'two', event: 's3:LifecycleExpiration:*' }],
  ],
  ['one event of both types', [{ event: 's3:ObjectCreated:Put' }, { id: 'two' }]],
])('%s is refused', async (_, rules) => {
  expect(await set(...rules)).toMatchObject({ status: 400, code: 'InvalidArgument' });
  expect((await get()).text).not.toContain('Queue');
});

test.each<[string, readonly Rule[]]>([
  ['other prefixes', [{ prefix: 'a/' }, { id: 'two', prefix: 'b/' }]],
  [
    'other suffixes under one prefix',
    [
      { prefix: 'a/', suffix: '.jpg' },
      { id: 'two', prefix: 'a/', suffix: '.png' },
    ],
  ],
  ['other events', [{ event: 's3:ObjectCreated:*' }, { id: 'two', event: 's3:ObjectRemoved:*' }]],
  [
    'what is deleted and what expires',
    [{ event: 's3:ObjectRemoved:*' }, { id: 'two', event: 's3:LifecycleExpiration:*' }],
  ],
])('%s can stand side by side', async (_, rules) => {
  expect((await set(...rules)).status).toBe(200);
});

test('targets that are not there are told of', async () => {
  const body = '<NotificationConfiguration><EventBridgeConfiguration/></NotificationConfiguration>';
  const answer = await gateway.call('PUT /data', { as: operator, query: { notification: '' }, body });
  expect(answer).toMatchObject({ status: 501, code: 'NotImplemented' });
});

test('only operators say where events go', async () => {
  const call = { as: service, query: { notification: '' }, body: '<NotificationConfiguration/>' };
  expect(await gateway.call('PUT /data', call)).toMatchObject({ status: 403, code: 'AccessDenied' });
});

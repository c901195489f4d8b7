import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayCall, startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator);
});
afterEach(() => gateway[Symbol.asyncDispose]());

const create = (call: GatewayCall) => gateway.call('PUT /photos', { as: operator, ...call });
const document = (content: string) => ({
  body: `<CreateBucketConfiguration>${content}</CreateBucketConfiguration>`,
});

test('a bucket is made with its tags', async () => {
  const tag = '<Tag><Key>team</Key><Value>größe</Value></Tag>';
  const body = document(`<LocationConstraint>eu-west-1</LocationConstraint><Tags>${tag}</Tags>`);
  expect((await create(body)).status).toBe(200);
  expect((await gateway.call('GET /photos', { as: operator, query: { tagging: '' } })).text).toContain(tag);
});

test.each<[string, GatewayCall, string]>([
  ['tags that are none', document('<Tags><Tag><Key>aws:x</Key><Value/></Tag></Tags>'), 'InvalidTag'],
  ['a directory bucket', document('<Bucket><Type>Directory</Type></Bucket>'), 'NotImplemented'],
  ['a zone', document('<Location><Type>AvailabilityZone</Type><Name>a</Name></Location>'), 'NotImplemented'],
  ['a namespace', { headers: { 'x-amz-bucket-namespace': 'account-regional' } }, 'NotImplemented'],
  ['half an object lock', { headers: { 'x-amz-bucket-object-lock-enabled': 'yes' } }, 'InvalidArgument'],
])('with %s it is not made', async (_what, call, code) => {
  expect(await create(call)).toMatchObject({ code });
  expect(gateway.store.bucket('photos')).toBeUndefined();
});

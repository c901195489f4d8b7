import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const web = testKey('photos/web', ['photos']);
const other = testKey('other/web', ['other']);
const query = { tagging: '' };

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(web, other);
  await gateway.store.createBucket('photos');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const put = (tags: string, as = web) =>
  gateway.call('PUT /photos', { as, query, body: `<Tagging><TagSet>${tags}</TagSet></Tagging>` });

test('tags of a bucket are set, given back and taken away', async () => {
  const get = () => gateway.call('GET /photos', { as: web, query });
  expect(await get()).toMatchObject({ status: 404, code: 'NoSuchTagSet' });
  expect((await put(tag('team', 'größe 1') + tag('empty', ''))).status).toBe(204);
  expect((await get()).text).toContain(`<TagSet>${tag('team', 'größe 1')}${tag('empty', '')}</TagSet>`);
  expect((await put('x', other)).status).toBe(403);
  expect((await gateway.call('DELETE /photos', { as: web, query })).status).toBe(204);
  expect((await get()).status).toBe(404);
  expect(gateway.store.bucket('photos')).toBeDefined();
});

test.each([
  [tag('', 'x'), 'InvalidTag'],
  [tag('aws:mine', 'x'), 'InvalidTag'],
  [tag('k'.repeat(129), 'x'), 'InvalidTag'],
  [tag('k', 'x'.repeat(257)), 'InvalidTag'],
  [tag('k', '!'), 'InvalidTag'],
  [tag('k', '1') + tag('k', '2'), 'InvalidTag'],
  ['<Tag><Key>k</Key></Tag>', 'MalformedXML'],
  [Array.from({ length: 51 }, (_, i) => tag(`k${i}`, '')).join(''), 'BadRequest'],
])('%.60s is refused', async (tags, code) => {
  expect(await put(tags)).toMatchObject({ status: 400, code });
});

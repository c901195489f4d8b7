import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayCall, startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import { presign } from '../../../tests/support/s3-signer.ts';
import { waitUntil } from '../../core/retry.ts';
import { formatTimestamp } from '../access/signature-v4.ts';

const operator = testKey('platform', '*');
const web = testKey('photos/web', ['photos', 'fork']);
const reader = testKey('key:reader', [{ bucket: 'photos', prefix: 'a', access: 'read' }]);
const other = testKey('other/web', ['other']);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator, web, reader, other);
  await gateway.store.createBucket('photos');
  await put('before');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const put = (body: string) => gateway.call('PUT /photos/a', { as: web, body });
const get = (headers: Record<string, string>, call: GatewayCall = {}) =>
  gateway.call('GET /photos/a', { as: web, headers, ...call });
const query = { snapshots: '' };

async function snapshot(name: string, as = web): Promise<string> {
  const headers = { 'x-holdfast-snapshot-name': name };
  const made = await gateway.call('POST /photos', { as, query, headers });
  expect(made.status).toBe(200);
  return /<Id>(\w+)<\/Id>/.exec(made.text)?.[1] ?? '';
}

test('snapshots are made, listed and deleted', async () => {
  const id = await snapshot('first');
  const list = () => gateway.call('GET /photos', { as: web, query });
  expect((await list()).text).toMatch(
    new RegExp(
      `<Bucket>photos</Bucket><Snapshot><Id>${id}</Id><Name>first</Name><CreatedAt>[^<]+Z</CreatedAt>` +
        '<Objects>1</Objects><Bytes>6</Bytes></Snapshot></ListBucketSnapshotsResult>$',
    ),
  );
  const again = await gateway.call('POST /photos', {
    as: web,
    query,
    headers: { 'x-holdfast-snapshot-name': 'first' },
  });
  expect(again).toMatchObject({ status: 409, code: 'SnapshotAlreadyExists' });
  expect(await gateway.call('DELETE /photos', { as: web, query })).toMatchObject({ code: 'InvalidArgument' });
  await gateway.call('DELETE /photos/a', { as: operator });
  expect(await gateway.call('DELETE /photos', { as: operator })).toMatchObject({ code: 'BucketHasSnapshots' });
  const remove = () => gateway.call('DELETE /photos', { as: web, query: { ...query, id: 'first' } });
  expect((await remove()).status).toBe(204);
  expect(await remove()).toMatchObject({ status: 404, code: 'NoSuchSnapshot' });
  expect((await list()).text).not.toContain('<Snapshot>');
});

test('objects are read and listed as a snapshot has them, by a header or in the query', async () => {
  const id = await snapshot('first');
  await put('after');
  await gateway.call('PUT /photos/b', { as: web, body: 'new' });
  for (const name of [id, 'first']) {
    const moment = { 'x-holdfast-snapshot': name };
    expect(await get(moment)).toMatchObject({ status: 200, text: 'before' });
    expect(await get({}, { query: moment })).toMatchObject({ status: 200, text: 'before' });
    expect((await gateway.call('HEAD /photos/b', { as: web, headers: moment })).status).toBe(404);
    for (const list of [{}, { 'list-type': '2' }, { versions: '' }] as Record<string, string>[]) {
      const listed = await gateway.call('GET /photos', { as: web, query: list, headers: moment });
      expect([...listed.text.matchAll(/<Key>(\w)<\/Key>/g)].map(([, key]) => key)).toEqual(['a']);
    }
  }
  expect(await get({})).toMatchObject({ text: 'after' });
  const headers = { 'x-amz-copy-source': '/photos/a', 'x-holdfast-snapshot': 'first' };
  expect((await gateway.call('PUT /photos/a', { as: web, headers })).status).toBe(200);
  expect(await get({})).toMatchObject({ text: 'before' });
});

test('objects are read as of a time', async () => {
  await gateway.store.updateBucket('photos', { versioning: 'enabled' });
  const { lastModified } = await gateway.store.head('photos', 'a');
  const moment = { 'x-holdfast-at': new Date(lastModified - 1).toISOString() };
  expect(await get(moment)).toMatchObject({ status: 404, code: 'NoSuchKey' });
  expect(await get({ 'x-holdfast-at': '2999-01-01T00:00:00+01:00' })).toMatchObject({ text: 'before' });
  expect(await get({ 'x-holdfast-at': 'yesterday' })).toMatchObject({ status: 400, code: 'InvalidArgument' });
  expect(await get({ ...moment, 'x-holdfast-snapshot': 'x' })).toMatchObject({ status: 400, code: 'InvalidRequest' });
});

test('a listing at a time ends with an error where what its pages go by is deleted', async () => {
  for (const key of ['b', 'c']) await gateway.call(`PUT /photos/${key}`, { as: web, body: 'x' });
  const at = (await gateway.store.head('photos', 'c')).lastModified;
  await waitUntil(() => Date.now() > at, { timeoutMs: 60_000, what: 'the next millisecond' });
  await snapshot('first');
  for (const key of ['a', 'b', 'c']) await gateway.store.remove('photos', key);
  const moment = { 'x-holdfast-at': new Date(at).toISOString() };
  const list = (page: Record<string, string>) =>
    gateway.call('GET /photos', { as: web, query: { 'list-type': '2', 'max-keys': '1', ...page }, headers: moment });
  const { text } = await list({});
  expect(text).toContain('<Key>a</Key>');
  const [, token = ''] = /<NextContinuationToken>(.*)<\/NextContinuationToken>/.exec(text) ?? [];
  const next = await list({ 'continuation-token': token });
  expect(next.text).toContain('<Key>b</Key>');
  expect(await list({ 'continuation-token': `${token}.x` })).toMatchObject({ code: 'InvalidArgument' });
  await gateway.store.deleteSnapshot('photos', 'first');
  expect(await list({ 'continuation-token': token })).toMatchObject({ status: 404, code: 'NoSuchSnapshot' });
});

test('what changes something is not done as of another time', async () => {
  await snapshot('first');
  for (const line of ['DELETE /photos/a', 'PUT /photos/a', 'HEAD /photos'] as const) {
    const refused = await gateway.call(line, { as: web, headers: { 'x-holdfast-snapshot': 'first' } });
    expect(refused.status).toBe(400);
  }
  expect(await get({})).toMatchObject({ text: 'before' });
});

test('a presigned URL for the present does not open the past, one for the past does', async () => {
  await snapshot('first');
  await put('after');
  const ask = (query: Record<string, string>, headers: Record<string, string>) => {
    const host = `127.0.0.1:${gateway.port}`;
    const timestamp = formatTimestamp(Date.now());
    const path = presign(web, { method: 'GET', path: '/photos/a', host, timestamp, extra: Object.entries(query) });
    return fetch(`http://${host}${path}`, { headers });
  };
  const moment = { 'x-holdfast-snapshot': 'first' };
  expect(await (await ask({}, {})).text()).toBe('after');
  expect((await ask({}, moment)).status).toBe(403);
  expect(await (await ask(moment, {})).text()).toBe('before');
});

test('that a bucket is public says nothing of its past; a key reads the past of what it reads', async () => {
  await gateway.store.updateBucket('photos', { accessibility: 'public' });
  const headers = { 'x-holdfast-snapshot': await snapshot('first') };
  expect((await gateway.call('GET /photos/a')).status).toBe(200);
  expect((await gateway.call('GET /photos/a', { headers })).status).toBe(403);
  expect((await get(headers, { as: reader })).status).toBe(200);
  expect((await get(headers, { as: other })).status).toBe(403);
  for (const as of [reader, other]) {
    for (const line of ['POST /photos', 'GET /photos', 'DELETE /photos'] as const) {
      expect((await gateway.call(line, { as, query: { ...query, id: 'first' } })).status).toBe(403);
    }
  }
});

test('forks are made of a bucket or a snapshot by who reaches both', async () => {
  await snapshot('first');
  await put('after');
  const fork = (name: string, as = web, headers = {}) =>
    gateway.call(`PUT /${name}`, { as, headers: { 'x-holdfast-fork-of': 'photos', ...headers } });
  expect((await fork('other', other)).status).toBe(403);
  expect((await fork('else', web)).status).toBe(403);
  expect((await fork('fork')).status).toBe(200);
  expect((await gateway.call('GET /fork/a', { as: web })).text).toBe('after');
  expect((await fork('past', operator, { 'x-holdfast-snapshot': 'first' })).status).toBe(200);
  expect((await gateway.call('GET /past/a', { as: operator })).text).toBe('before');
  expect(await gateway.call('DELETE /photos', { as: operator })).toMatchObject({ status: 409, code: 'BucketHasForks' });
  expect(await fork('third', operator, { 'x-holdfast-snapshot': 'x' })).toMatchObject({ code: 'NoSuchSnapshot' });
  expect((await gateway.call('DELETE /fork', { as: operator })).status).toBe(204);
});

test('where a bucket has a policy, a fork of it is for operators', async () => {
  const Statement = [
    { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::photos/secret' },
  ];
  const policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await gateway.store.updateBucket('photos', { documents: { policy } });
  const headers = { 'x-holdfast-fork-of': 'photos' };
  expect((await gateway.call('PUT /fork', { as: web, headers })).status).toBe(403);
  expect((await gateway.call('PUT /fork', { as: operator, headers })).status).toBe(200);
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const operator = testKey('operator', '*');

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(operator);
  await gateway.store.createBucket('photos');
});
afterEach(() => gateway[Symbol.asyncDispose]());

const call = (line: `${string} /${string}`, more: object = {}) => gateway.call(line, { as: operator, ...more });
const versionOf = async (answer: ReturnType<typeof call>) => (await answer).headers['x-amz-version-id'];

async function complete(key: `/photos/${string}`) {
  const begun = await call(`POST ${key}`, { query: { uploads: '' } });
  const uploadId = /<UploadId>(.+)<\/UploadId>/.exec(begun.text)?.[1] ?? '';
  const { headers } = await call(`PUT ${key}`, { query: { uploadId, partNumber: '1' }, body: 'x' });
  const part = `<Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part>`;
  const body = `<CompleteMultipartUpload>${part}</CompleteMultipartUpload>`;
  return call(`POST ${key}`, { query: { uploadId }, body });
}

/** What PutObject, CopyObject, CompleteMultipartUpload, HeadObject and DeleteObject say of the version. */
async function versions(): Promise<unknown[]> {
  const put = await versionOf(call('PUT /photos/a', { body: 'x' }));
  const copied = await versionOf(call('PUT /photos/b', { headers: { 'x-amz-copy-source': '/photos/a' } }));
  const completed = await versionOf(complete('/photos/c'));
  const read = await versionOf(call('HEAD /photos/a'));
  return [put, copied, completed, read, await versionOf(call('DELETE /photos/a'))];
}

test('a null version is told to who reads or removes it, not to who writes it', async () => {
  const id = expect.stringMatching(/^\w{8,}$/);
  expect(await versions()).toEqual(Array(5).fill(undefined));
  await gateway.store.updateBucket('photos', { versioning: 'enabled' });
  expect(await versions()).toEqual(Array(5).fill(id));
  await gateway.store.updateBucket('photos', { versioning: 'suspended' });
  expect(await versions()).toEqual([undefined, undefined, undefined, 'null', 'null']);
});

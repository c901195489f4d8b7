import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';

const web = testKey('web', ['photos']);

const both = '<ChecksumCRC32>AAAAAA==</ChecksumCRC32><ChecksumCRC32C>AAAAAA==</ChecksumCRC32C>';

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(web);
  await gateway.store.createBucket('photos');
});
afterEach(() => gateway[Symbol.asyncDispose]());

interface Upload {
  readonly uploadId: string;
  readonly etag: string;
}

async function uploadTo(key: string): Promise<Upload> {
  const { text } = await gateway.call(`POST /photos/${key}`, { as: web, query: { uploads: '' } });
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
  const query = { partNumber: '1', uploadId };
  const { headers } = await gateway.call(`PUT /photos/${key}`, { as: web, query, body: 'x' });
  return { uploadId, etag: headers.etag ?? '' };
}

function complete(key: string, { uploadId, etag }: Upload, headers: Record<string, string> = {}) {
  const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  return gateway.call(`POST /photos/${key}`, { as: web, query: { uploadId }, headers, body });
}

test.each(['disabled', 'enabled'] as const)(
  'a completion that is asked for again gets its answer again (versioning %s)',
  async (versioning) => {
    if (versioning === 'enabled') await gateway.store.updateBucket('photos', { versioning });
    const upload = await uploadTo('film');
    const first = await complete('film', upload, { 'if-none-match': '*' });
    expect(first.status).toBe(200);
    const again = await complete('film', upload, { 'if-none-match': '*' });
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(again.headers['x-amz-version-id']).toBe(first.headers['x-amz-version-id']);
    const { versions } = await gateway.store.listVersions({ bucket: 'photos', limit: 10 });
    expect(versions).toHaveLength(1);
  },
);

test('completions at the same time agree', async () => {
  const upload = await uploadTo('film');
  const answers = await Promise.all([1, 2, 3].map(() => complete('film', upload)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test('the answer is gone with the object, and is for its upload, its parts and its key alone', async () => {
  const upload = await uploadTo('film');
  await complete('film', upload);
  const other = 'a'.repeat(32);
  expect(await complete('film', { ...upload, etag: other })).toMatchObject({ code: 'NoSuchUpload' });
  expect(await complete('film', { ...upload, uploadId: 'upload_x' })).toMatchObject({ code: 'NoSuchUpload' });
  await gateway.call('PUT /photos/copy', { as: web, headers: { 'x-amz-copy-source': 'photos/film' } });
  expect(await complete('copy', upload)).toMatchObject({ code: 'NoSuchUpload' });
  await complete('film', await uploadTo('film'));
  expect(await complete('film', upload)).toMatchObject({ code: 'NoSuchUpload' });
  await gateway.call('DELETE /photos/film', { as: web });
  expect(await complete('film', upload)).toMatchObject({ code: 'NoSuchUpload' });
});

test.each([
  ['MalformedXML', {}, '<PartNumber>one</PartNumber>'],
  ['InvalidArgument', {}, '<PartNumber>0</PartNumber>'],
  ['InvalidArgument', {}, '<PartNumber>-1</PartNumber>'],
  ['InvalidArgument', {}, '<PartNumber>1</PartNumber><ChecksumCRC32>AAAA</ChecksumCRC32>'],
  ['InvalidArgument', {}, `<PartNumber>1</PartNumber>${both}`],
  ['InvalidRequest', { 'x-amz-mp-object-size': '0x1' }, '<PartNumber>1</PartNumber>'],
  ['InvalidRequest', { 'x-amz-mp-object-size': '' }, '<PartNumber>1</PartNumber>'],
  ['InvalidRequest', { 'x-amz-mp-object-size': '2' }, '<PartNumber>1</PartNumber>'],
])('%s: a completion with the headers %j of the part %s', async (code, headers, part) => {
  const { uploadId, etag } = await uploadTo('film');
  const body = `<CompleteMultipartUpload><Part>${part}<ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
  const answer = await gateway.call('POST /photos/film', { as: web, query: { uploadId }, headers, body });
  expect(answer).toMatchObject({ status: 400, code });
});

test('an upload that was aborted is none', async () => {
  const upload = await uploadTo('film');
  await gateway.call('DELETE /photos/film', { as: web, query: { uploadId: upload.uploadId } });
  expect(await complete('film', upload)).toMatchObject({ status: 404, code: 'NoSuchUpload' });
});

test('pages of nothing are the last', async () => {
  const { uploadId } = await uploadTo('film');
  const uploads = await gateway.call('GET /photos', { as: web, query: { uploads: '', 'max-uploads': '0' } });
  const parts = await gateway.call('GET /photos/film', { as: web, query: { uploadId, 'max-parts': '0' } });
  for (const { text } of [uploads, parts]) expect(text).toContain('<IsTruncated>false</IsTruncated>');
});

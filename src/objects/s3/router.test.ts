import { expect, test } from 'vitest';
import { findOperation } from './router.ts';

function route(line: string, headers: Record<string, string> = {}): string {
  const [method = '', target = ''] = line.split(' ');
  const [path = '', query = ''] = target.split('?');
  const [, bucket = '', ...key] = path.split('/');
  const parameters = new Map(new URLSearchParams(query));
  const request = { method, bucket, key: key.join('/'), query: parameters, headers: new Map(Object.entries(headers)) };
  return findOperation(request).name;
}

test.each([
  ['GET /', 'ListBuckets'],
  ['PUT /b', 'CreateBucket'],
  ['HEAD /b', 'HeadBucket'],
  ['DELETE /b', 'DeleteBucket'],
  ['GET /b', 'ListObjects'],
  ['GET /b?list-type=2&prefix=x', 'ListObjectsV2'],
  ['GET /b?location', 'GetBucketLocation'],
  ['GET /b?versioning', 'GetBucketVersioning'],
  ['PUT /b?versioning', 'PutBucketVersioning'],
  ['GET /b?versions&prefix=x', 'ListObjectVersions'],
  ['DELETE /b/k?versionId=v', 'DeleteObject'],
  ['GET /b?uploads', 'ListMultipartUploads'],
  ['POST /b?delete', 'DeleteObjects'],
  ['GET /b/k?x-id=GetObject', 'GetObject'],
  ['GET /b/k?tagging', 'GetObjectTagging'],
  ['PUT /b/k?tagging&versionId=v', 'PutObjectTagging'],
  ['DELETE /b/k?tagging', 'DeleteObjectTagging'],
  ['PUT /b/k?acl', 'PutObjectAcl'],
  ['PUT /b?lifecycle', 'PutBucketLifecycleConfiguration'],
  ['GET /b?lifecycle', 'GetBucketLifecycleConfiguration'],
  ['DELETE /b?lifecycle', 'DeleteBucketLifecycle'],
  ['PUT /b?object-lock', 'PutObjectLockConfiguration'],
  ['GET /b?object-lock', 'GetObjectLockConfiguration'],
  ['PUT /b/k?retention', 'PutObjectRetention'],
  ['GET /b/k?retention', 'GetObjectRetention'],
  ['PUT /b/k?legal-hold', 'PutObjectLegalHold'],
  ['GET /b/k?legal-hold&versionId=v', 'GetObjectLegalHold'],
  ['GET /b/k?uploadId=u', 'ListParts'],
  ['GET /b/k?attributes', 'GetObjectAttributes'],
  ['HEAD /b/k', 'HeadObject'],
  ['PUT /b/k', 'PutObject'],
  ['PUT /b/k?uploadId=u&partNumber=1', 'UploadPart'],
  ['POST /b/k?uploads', 'CreateMultipartUpload'],
  ['POST /b/k?uploadId=u', 'CompleteMultipartUpload'],
  ['DELETE /b/k', 'DeleteObject'],
  ['DELETE /b/k?uploadId=u', 'AbortMultipartUpload'],
])('%s is %s', (line, name) => {
  expect(route(line)).toBe(name);
});

test.each([
  'PUT /b/k?partNumber=1',
  'PUT /b/k?uploadId=u',
  'PUT /b/k?versionId=v',
  'POST /b/k?uploads&versionId=v',
  'DELETE /b?versionId=v',
  'DELETE /b?uploadId=u',
  'PUT /b?versionId=v',
])('%s is about less than it would change, and refused', (line) => {
  expect(() => route(line)).toThrow(expect.objectContaining({ code: 's3.invalid-argument' }));
});

test('a bucket takes a POST as a form only', () => {
  expect(() => route('POST /b')).toThrow(expect.objectContaining({ code: 's3.precondition-failed' }));
});

test('a copy source makes a copy', () => {
  const headers = { 'x-amz-copy-source': 'b/x' };
  expect(route('PUT /b/k', headers)).toBe('CopyObject');
  expect(route('PUT /b/k?uploadId=u&partNumber=1', headers)).toBe('UploadPartCopy');
});

test.each(['GET /b/k', 'HEAD /b/k', 'DELETE /b/k', 'POST /b/k?uploadId=u', 'DELETE /b'])(
  '%s copies nothing, and with a copy source is refused',
  (line) => {
    expect(() => route(line, { 'x-amz-copy-source': 'b/x' })).toThrow(
      expect.objectContaining({ code: 's3.invalid-argument' }),
    );
  },
);

test('an upload that copied parts will make can be begun with a copy source', () => {
  expect(route('POST /b/k?uploads', { 'x-amz-copy-source': 'b/x' })).toBe('CreateMultipartUpload');
});

test.each(['GET /b?torrent', 'POST /b/k?restore', 'POST /b/k?select&select-type=2'])(
  '%s is not implemented, and nothing else is done instead',
  (line) => {
    expect(() => route(line)).toThrow(expect.objectContaining({ code: 's3.not-implemented' }));
  },
);

test.each(['PATCH /b/k', 'PUT /', 'DELETE /', 'POST /', 'TRACE /b'])('%s is not allowed', (line) => {
  expect(() => route(line)).toThrow(expect.objectContaining({ code: 's3.method-not-allowed' }));
});

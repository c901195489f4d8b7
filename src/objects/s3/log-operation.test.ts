import { expect, test } from 'vitest';
import { logOperation } from './log-operation.ts';
import type { RoutedRequest } from './routed-request.ts';
import { findOperation } from './router.ts';

function routed(line: string, headers: Record<string, string> = {}): RoutedRequest {
  const [method = '', url = ''] = line.split(' ');
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const [, bucket = '', key = ''] = pathname.split('/');
  return { method, bucket, key, query: new Map(searchParams), headers: new Map(Object.entries(headers)) };
}

/** As they stand in the logs that S3 itself writes. */
test.each([
  ['GET /b', 'REST.GET.BUCKET'],
  ['GET /b?list-type=2', 'REST.GET.BUCKET'],
  ['GET /b?versions', 'REST.GET.BUCKETVERSIONS'],
  ['GET /b?uploads', 'REST.GET.UPLOADS'],
  ['GET /b?location', 'REST.GET.LOCATION'],
  ['GET /b?versioning', 'REST.GET.VERSIONING'],
  ['PUT /b?versioning', 'REST.PUT.VERSIONING'],
  ['GET /b?policy', 'REST.GET.BUCKETPOLICY'],
  ['GET /b?policyStatus', 'REST.GET.POLICY_STATUS'],
  ['GET /b?acl', 'REST.GET.ACL'],
  ['GET /b?publicAccessBlock', 'REST.GET.PUBLIC_ACCESS_BLOCK'],
  ['GET /b?ownershipControls', 'REST.GET.OWNERSHIP_CONTROLS'],
  ['GET /b?tagging', 'REST.GET.TAGGING'],
  ['GET /b?cors', 'REST.GET.CORS'],
  ['GET /b?lifecycle', 'REST.GET.LIFECYCLE'],
  ['GET /b?object-lock', 'REST.GET.OBJECT_LOCK_CONFIGURATION'],
  ['GET /b?website', 'REST.GET.WEBSITE'],
  ['GET /b?encryption', 'REST.GET.ENCRYPTION'],
  ['GET /b?notification', 'REST.GET.NOTIFICATION'],
  ['PUT /b?logging', 'REST.PUT.LOGGING_STATUS'],
  ['PUT /b', 'REST.PUT.BUCKET'],
  ['HEAD /b', 'REST.HEAD.BUCKET'],
  ['DELETE /b', 'REST.DELETE.BUCKET'],
  ['POST /b?delete', 'REST.POST.MULTI_OBJECT_DELETE'],
  ['GET /b/k', 'REST.GET.OBJECT'],
  ['HEAD /b/k', 'REST.HEAD.OBJECT'],
  ['PUT /b/k', 'REST.PUT.OBJECT'],
  ['DELETE /b/k', 'REST.DELETE.OBJECT'],
  ['GET /b/k?acl', 'REST.GET.ACL'],
  ['GET /b/k?tagging', 'REST.GET.OBJECT_TAGGING'],
  ['DELETE /b/k?tagging', 'REST.DELETE.OBJECT_TAGGING'],
  ['GET /b/k?attributes', 'REST.GET.OBJECT_ATTRIBUTES'],
  ['PUT /b/k?retention', 'REST.PUT.RETENTION'],
  ['PUT /b/k?legal-hold', 'REST.PUT.LEGAL_HOLD'],
  ['POST /b/k?uploads', 'REST.POST.UPLOADS'],
  ['PUT /b/k?uploadId=1&partNumber=1', 'REST.PUT.PART'],
  ['GET /b/k?uploadId=1', 'REST.GET.UPLOAD'],
  ['POST /b/k?uploadId=1', 'REST.POST.UPLOAD'],
  ['DELETE /b/k?uploadId=1', 'REST.DELETE.UPLOAD'],
])('%s is %s, also where it was refused at once', (line, expected) => {
  const request = routed(line);
  expect(logOperation(findOperation(request).name, request)).toBe(expected);
  expect(logOperation('unknown', request)).toBe(expected);
});

test('copies, forms and preflights have names of their own', () => {
  const copy = { 'x-amz-copy-source': 'a/b' };
  expect(logOperation('unknown', routed('PUT /b/k', copy))).toBe('REST.COPY.OBJECT');
  expect(logOperation('unknown', routed('PUT /b/k?uploadId=1&partNumber=1', copy))).toBe('REST.COPY.PART');
  expect(logOperation('PostObject', routed('POST /b'))).toBe('REST.POST.OBJECT');
  expect(logOperation('Preflight', routed('OPTIONS /b/k'))).toBe('REST.OPTIONS.PREFLIGHT');
});

test('what is no operation is named by what it asked for', () => {
  expect(logOperation('unknown', routed('PATCH /b/k'))).toBe('REST.PATCH.OBJECT');
  expect(logOperation('unknown', routed('GET /b?torrent'))).toBe('REST.GET.BUCKET');
});

import { expect, test } from 'vitest';
import { type AccessRecord, BATCH_DELETE, recordLine } from './access-record.ts';
import { withoutSecrets } from './without-secrets.ts';

const record: AccessRecord = {
  bucket: 'site',
  time: Date.UTC(2026, 1, 6, 0, 0, 38, 999),
  requestId: '3E57427F33A59F07',
  operation: 'REST.GET.OBJECT',
  remoteIp: '192.0.2.3',
  requester: 'arn:aws:iam::000000000000:user/photos/web',
  key: 'a/b c',
  requestLine: 'GET /site/a/b%20c HTTP/1.1',
  status: 206,
  bytesSent: 10,
  objectSize: 4096,
  totalMs: 12.6,
  turnAroundMs: 3.2,
  referer: 'http://example.com/',
  userAgent: 'curl/8',
  versionId: 'v1',
  isSigned: true,
  authType: 'AuthHeader',
  host: 's3.localhost:7301',
  aclRequired: true,
};

test('a line has the fields of S3 in their order', () => {
  expect(recordLine(record)).toBe(
    'holdfast site [06/Feb/2026:00:00:38 +0000] 192.0.2.3 arn:aws:iam::000000000000:user/photos/web 3E57427F33A59F07 ' +
      'REST.GET.OBJECT a/b%2520c "GET /site/a/b%20c HTTP/1.1" 206 - 10 4096 13 3 "http://example.com/" "curl/8" v1 ' +
      '3E57427F33A59F07 SigV4 - AuthHeader s3.localhost:7301 - - Yes -\n',
  );
});

test('what is not known is a dash, quoted where the client might have sent something', () => {
  const { bucket, time, requestId, operation } = record;
  const rest = `REST.GET.OBJECT - - - - - - - - - "-" - ${requestId} - - - - - - - -\n`;
  const line = recordLine({ bucket, time, requestId, operation, userAgent: '' });
  expect(line).toBe(`holdfast site [06/Feb/2026:00:00:38 +0000] - - ${requestId} ${rest}`);
});

test('S3 encodes a key twice, and once in a batch', () => {
  const keyOf = (operation: string, key: string) => recordLine({ ...record, operation, key }).split(' ')[8];
  expect(keyOf('REST.GET.OBJECT', 'ä%/"\n')).toBe('%25C3%25A4%2525/%2522%250A');
  expect(keyOf(BATCH_DELETE, 'ä%/"\n')).toBe('%C3%A4%25/%22%0A');
  expect(keyOf(BATCH_DELETE, 'half \ud800')).toBe('half%20%EF%BF%BD');
});

test('nothing that a client sends begins another field or another line', () => {
  const evil = '" 200 - \n\r\t\\ \x7f \xe4';
  const line = recordLine({
    ...record,
    requestLine: evil,
    referer: evil,
    userAgent: evil,
    host: evil,
    versionId: evil,
  });
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  expect(line.split('"')).toHaveLength(7);
  expect(line).toContain('"%22 200 - %0A%0D%09\\ %7F %E4"');
  expect(line).toContain(' %22%20200%20-%20%0A%0D%09\\%20%7F%20%E4 ');
});

test.each([
  ['/site/a', '/site/a'],
  ['/site/a?list-type=2&prefix=a%26b', '/site/a?list-type=2&prefix=a%26b'],
  [
    '/site/a?X-Amz-Credential=K%2F1&X-Amz-Signature=0af1&X-Amz-SignedHeaders=host',
    '/site/a?X-Amz-Credential=K%2F1&X-Amz-Signature=REDACTED&X-Amz-SignedHeaders=host',
  ],
  ['/a?x-amz-security-token=t', '/a?x-amz-security-token=REDACTED'],
  ['/a?X-Amz-%53ignature=t&x=1', '/a?X-Amz-%53ignature=REDACTED&x=1'],
  ['/a?AWSAccessKeyId=K&Signature=t%3D', '/a?AWSAccessKeyId=K&Signature=REDACTED'],
  [
    '/a?x-amz-server-side-encryption-customer-key=k&x-amz-server-side-encryption-customer-algorithm=AES256',
    '/a?x-amz-server-side-encryption-customer-key=REDACTED&x-amz-server-side-encryption-customer-algorithm=AES256',
  ],
  [
    '/a?x-amz-copy-source-server-side-encryption-customer-key-MD5=k',
    '/a?x-amz-copy-source-server-side-encryption-customer-key-MD5=REDACTED',
  ],
  ['https://host/a?%E0%A4%A=1&X-Amz-Signature=b', 'https://host/a?%E0%A4%A=1&X-Amz-Signature=REDACTED'],
])('of %s no secret is left', (url, expected) => {
  expect(withoutSecrets(url)).toBe(expected);
});

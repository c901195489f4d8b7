import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { PartInfo } from '../../store/upload.ts';
import type { ChecksumAlgorithm } from './checksums.ts';
import { completedMetadata, requestedUploadChecksum } from './multipart-checksum.ts';

const failure = (code: string) => expect.objectContaining({ code });
const requested = (headers: Record<string, string>) => requestedUploadChecksum(new Map(Object.entries(headers)));

describe('an upload is created', () => {
  test.each<[string, string | undefined, string]>([
    ['CRC32', undefined, 'COMPOSITE'],
    ['crc32c', undefined, 'COMPOSITE'],
    ['CRC32C', 'FULL_OBJECT', 'FULL_OBJECT'],
    ['CRC64NVME', undefined, 'FULL_OBJECT'],
    ['SHA1', 'COMPOSITE', 'COMPOSITE'],
    ['SHA256', undefined, 'COMPOSITE'],
    ['SHA512', 'COMPOSITE', 'COMPOSITE'],
    ['MD5', undefined, 'COMPOSITE'],
  ])('with %s and the type %s: %s', (algorithm, type, expected) => {
    const headers = { 'x-amz-checksum-algorithm': algorithm, ...(type ? { 'x-amz-checksum-type': type } : {}) };
    expect(requested(headers)).toEqual({ algorithm: algorithm.toUpperCase(), type: expected });
  });

  test.each([
    { 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'COMPOSITE' },
    { 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' },
    { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'SOME' },
    { 'x-amz-checksum-algorithm': 'MD4' },
    { 'x-amz-checksum-type': 'COMPOSITE' },
  ])('not with %j', (headers) => {
    expect(() => requested(headers as Record<string, string>)).toThrow(failure('s3.invalid-request'));
  });
});

describe('an upload is completed', () => {
  const crc = (bytes: string | Buffer) => {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE(crc32(bytes));
    return digest;
  };
  const texts = ['one, ', 'two'];
  const whole = crc(texts.join('')).toString('base64');
  const composite = `${crc(Buffer.concat(texts.map(crc))).toString('base64')}-2`;

  const parts = (checksums: readonly (readonly [ChecksumAlgorithm, string])[] = []) =>
    texts.map((text, i) => {
      const stored: PartInfo = {
        partNumber: i + 1,
        size: text.length,
        etag: createHash('md5').update(text).digest('hex'),
        lastModified: 0,
        headers: { 'x-amz-checksum-crc32': crc(text).toString('base64') },
      };
      return { partNumber: i + 1, checksums: new Map(checksums), stored };
    });
  const complete = (
    upload: Record<string, string>,
    { headers = {}, named = parts() }: { headers?: Record<string, string>; named?: ReturnType<typeof parts> } = {},
  ) => {
    const metadata = { contentType: 'a/b', headers: { 'cache-control': 'no-store', ...upload }, user: { a: 'b' } };
    return completedMetadata({ metadata, parts: named, headers: new Map(Object.entries(headers)) });
  };
  const COMPOSITE = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'COMPOSITE' };
  const FULL = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' };
  const ofParts = texts.map((text) => crc(text).toString('base64')).join(',');

  test('with the checksum of its parts checksums, or of all its bytes', () => {
    expect(complete(COMPOSITE)).toEqual({
      contentType: 'a/b',
      headers: {
        'cache-control': 'no-store',
        'x-amz-checksum-crc32': composite,
        'x-amz-checksum-type': 'COMPOSITE',
        'x-amz-checksum-parts': ofParts,
      },
      user: { a: 'b' },
    });
    expect(complete(FULL).headers).toEqual({
      'cache-control': 'no-store',
      'x-amz-checksum-crc32': whole,
      'x-amz-checksum-parts': ofParts,
    });
    expect(complete({}).headers).toEqual({ 'cache-control': 'no-store' });
  });

  test('when the checksum of the whole is right', () => {
    complete(FULL, { headers: { 'x-amz-checksum-crc32': whole, 'x-amz-checksum-type': 'FULL_OBJECT' } });
    complete(COMPOSITE, { headers: { 'x-amz-checksum-crc32': composite } });
    complete(COMPOSITE, { headers: { 'x-amz-checksum-crc32': composite.slice(0, -2) } });
  });

  test.each([
    ['s3.bad-digest', FULL, { 'x-amz-checksum-crc32': 'AAAAAA==' }],
    ['s3.bad-digest', COMPOSITE, { 'x-amz-checksum-crc32': whole }],
    ['s3.bad-digest', COMPOSITE, { 'x-amz-checksum-crc32': composite.replace('-2', '-3') }],
    ['s3.bad-digest', FULL, { 'x-amz-checksum-type': 'COMPOSITE' }],
    ['s3.invalid-request', FULL, { 'x-amz-checksum-sha1': 'AAAAAA==' }],
    ['s3.invalid-request', {}, { 'x-amz-checksum-crc32': whole }],
    ['s3.invalid-request', FULL, { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' }],
    ['s3.invalid-request', FULL, { 'x-amz-checksum-crc32': 'whole' }],
    ['s3.invalid-request', COMPOSITE, { 'x-amz-checksum-crc32': `${composite}-2` }],
    ['s3.invalid-request', COMPOSITE, { 'x-amz-checksum-type': 'PARTIAL' }],
  ])('not, with %s: of %j the client says %j', (code, upload, headers) => {
    expect(() => complete(upload, { headers })).toThrow(failure(code));
  });

  test('when the checksums of the named parts are theirs', () => {
    const named = parts();
    const right = named.map((part, i) => ({ ...part, checksums: new Map([['CRC32', ofParts.split(',')[i] ?? '']]) }));
    complete(FULL, { named: right as typeof named });
    expect(() => complete(FULL, { named: parts([['CRC32', 'AAAAAA==']]) })).toThrow(failure('upload.part'));
    expect(() => complete(FULL, { named: parts([['SHA1', 'AAAAAA==']]) })).toThrow(failure('upload.part'));
  });
});

import { describe, expect, test } from 'vitest';
import { acceptedCoding, isCodable } from './coding.ts';

test.each([
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['GZIP, deflate', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip, deflate, zstd', 'zstd'],
  ['gzip;q=1.0, br;q=0.5', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['*', 'br'],
  ['*;q=0.5, br;q=0', 'zstd'],
  ['*;q=0', undefined],
  ['gzip;q=0.5, identity;q=1', undefined],
  ['gzip ; q=0.001', 'gzip'],
  ['compress', undefined],
])('Accept-Encoding %s: %s', (field, coding) => {
  expect(acceptedCoding(field)).toBe(coding);
});

describe('what is put in a coding', () => {
  const text = { contentType: 'text/html', size: 5000, contentEncoding: undefined, cacheControl: undefined };

  test.each([
    'text/html; charset=utf-8',
    'Application/JSON',
    'image/svg+xml',
    'application/geo+json',
    'font/ttf',
    'application/wasm',
  ])('%s', (contentType) => expect(isCodable({ ...text, contentType })).toBe(true));

  test.each(['image/jpeg', 'video/mp4', 'font/woff2', 'application/zip', 'binary/octet-stream', '', 'x text/html'])(
    'not %s',
    (contentType) => expect(isCodable({ ...text, contentType })).toBe(false),
  );

  test('not what is small, large, coded already or not to be changed', () => {
    expect(isCodable({ ...text, size: 1023 })).toBe(false);
    expect(isCodable({ ...text, size: 11 * 2 ** 20 })).toBe(false);
    expect(isCodable({ ...text, contentEncoding: 'gzip' })).toBe(false);
    expect(isCodable({ ...text, cacheControl: 'public, No-Transform' })).toBe(false);
    expect(isCodable({ ...text, contentType: undefined })).toBe(false);
  });
});

import { expect, test } from 'vitest';
import { parseTarget } from './request-target.ts';

const HOSTS = ['s3.localhost'];

test.each([
  ['/', '', ''],
  ['/bucket', 'bucket', ''],
  ['/bucket/', 'bucket', ''],
  ['/bucket/a/b', 'bucket', 'a/b'],
  ['/bucket//a/../b/./', 'bucket', '/a/../b/./'],
  ['/bucket/a%2Fb%20c+d%3F', 'bucket', 'a/b c+d?'],
  ['http://any.host/bucket/key', 'bucket', 'key'],
])('path style: %s', (url, bucket, key) => {
  expect(parseTarget(url, 'localhost:7301', HOSTS)).toMatchObject({ bucket, key });
});

test.each([
  ['/', 'bucket', ''],
  ['/a//b', 'bucket', 'a//b'],
])('virtual-host style: %s', (url, bucket, key) => {
  for (const host of ['bucket.s3.localhost', 'BUCKET.s3.localhost:7301']) {
    expect(parseTarget(url, host, HOSTS)).toMatchObject({ bucket, key, path: url });
  }
  expect(parseTarget('/x/y', 's3.localhost', HOSTS)).toMatchObject({ bucket: 'x', key: 'y' });
  expect(parseTarget('/k', 'my.dotted.s3.localhost', HOSTS)).toMatchObject({ bucket: 'my.dotted', key: 'k' });
});

test('decodes the query, with plus as space and names without value', () => {
  expect(parseTarget('/b?uploads&prefix=a+b%2B&&x=1=2?3', 'h', HOSTS).query).toEqual([
    ['uploads', ''],
    ['prefix', 'a b+'],
    ['x', '1=2?3'],
  ]);
});

test('refuses what is not percent-encoded UTF-8, and keys over 1,024 bytes', () => {
  for (const url of ['/b/%ff', '/b/%', '/b?a=%zz', '*']) {
    expect(() => parseTarget(url, 'h', HOSTS)).toThrow(expect.objectContaining({ code: 's3.invalid-uri' }));
  }
  parseTarget(`/b/${'k'.repeat(1024)}`, 'h', HOSTS);
  expect(() => parseTarget(`/b/${'%C3%BC'.repeat(513)}`, 'h', HOSTS)).toThrow(
    expect.objectContaining({ code: 's3.key-too-long' }),
  );
});

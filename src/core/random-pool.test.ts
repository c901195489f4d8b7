import { expect, test } from 'vitest';
import { pooledRandomBytes } from './random-pool.ts';

test('gives as many bytes as asked for, never the same twice, and keeps what it gave', () => {
  const given = Array.from({ length: 1000 }, (_, i) => pooledRandomBytes(12 + (i % 21)));
  const texts = given.map((bytes) => bytes.toString('hex'));
  pooledRandomBytes(4096);
  expect(given.map((bytes) => bytes.length)).toEqual(given.map((_, i) => 12 + (i % 21)));
  expect(new Set(texts.map((text) => text.slice(0, 24))).size).toBe(1000);
  expect(given.map((bytes) => bytes.toString('hex'))).toEqual(texts);
  expect(texts).not.toContain('0'.repeat(24));
  expect(() => pooledRandomBytes(4097)).toThrow(RangeError);
});

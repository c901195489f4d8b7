import { expect, test } from 'vitest';
import { RecentCache } from './recent-cache.ts';

function cacheOf(limit: number): RecentCache<number, Buffer> {
  return new RecentCache({ limit, weigh: ({ length }) => length });
}

test('keeps what was used last, within its limit', () => {
  const cache = cacheOf(400);
  for (const key of [1, 2, 3]) cache.set(key, Buffer.alloc(100, key));
  expect(cache.get(1)).toEqual(Buffer.alloc(100, 1));
  cache.set(4, Buffer.alloc(100, 4));
  expect(cache.get(2)).toBeUndefined();
  expect([1, 3, 4].map((key) => cache.get(key)?.[0])).toEqual([1, 3, 4]);
});

test('the same key twice counts once, and what is larger than half the limit is not kept', () => {
  const cache = cacheOf(400);
  cache.set(1, Buffer.alloc(100));
  for (let i = 0; i < 10; i++) cache.set(2, Buffer.alloc(100));
  expect(cache.get(1)).toHaveLength(100);
  cache.set(1, Buffer.alloc(201));
  expect([1, 2].map((key) => cache.get(key)?.length)).toEqual([undefined, 100]);
});

test('what is taken out is gone, young or old', () => {
  const cache = cacheOf(400);
  for (const key of [1, 2, 3]) cache.set(key, Buffer.alloc(100));
  for (const key of [1, 3]) cache.delete(key);
  expect([1, 2, 3].map((key) => cache.get(key)?.length)).toEqual([undefined, 100, undefined]);
});

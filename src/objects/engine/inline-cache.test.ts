import { expect, test } from 'vitest';
import { InlineCache } from './inline-cache.ts';

test('keeps what was used last, within its limit', () => {
  const cache = new InlineCache(300);
  for (const position of [1, 2, 3]) cache.set(position, Buffer.alloc(100, position));
  expect(cache.get(1)).toEqual(Buffer.alloc(100, 1));
  cache.set(4, Buffer.alloc(100, 4));
  expect(cache.get(2)).toBeUndefined();
  expect([1, 3, 4].map((position) => cache.get(position)?.[0])).toEqual([1, 3, 4]);
});

test('the same position twice counts once, and what is larger than the limit is not kept', () => {
  const cache = new InlineCache(300);
  for (let i = 0; i < 10; i++) cache.set(1, Buffer.alloc(200));
  cache.set(2, Buffer.alloc(100));
  expect(cache.get(1)).toHaveLength(200);
  cache.set(3, Buffer.alloc(301));
  expect([1, 2, 3].map((position) => cache.get(position))).toEqual([undefined, undefined, undefined]);
});

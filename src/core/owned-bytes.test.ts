import { expect, test } from 'vitest';
import { BlockPool, giveBack, own } from './owned-bytes.ts';

test('what has one owner is freed when it is given back', () => {
  const bytes = own(Buffer.allocUnsafeSlow(1000));
  giveBack(bytes);
  expect(bytes.length).toBe(0);
  expect(() => giveBack(bytes)).not.toThrow();
});

test('memory that two views of it mark is freed once', () => {
  const bytes = own(Buffer.allocUnsafeSlow(1000));
  const all = own(bytes.subarray());
  giveBack(all);
  expect(bytes.length).toBe(0);
  expect(() => giveBack(bytes)).not.toThrow();
});

test('bytes that nobody marked, and views of marked ones, stay', () => {
  const plain = Buffer.allocUnsafeSlow(1000);
  giveBack(plain);
  expect(plain.length).toBe(1000);
  const marked = own(Buffer.allocUnsafeSlow(1000));
  giveBack(marked.subarray(0, 10));
  expect(marked.length).toBe(1000);
});

test('a block of a pool is used again, and who had it before sees nothing of it', () => {
  const pool = new BlockPool(1000, 1);
  const first = own(pool.take().fill('a'));
  const view = own(first.subarray(10));
  giveBack(view);
  expect([first.length, view.length]).toEqual([0, 0]);
  const again = own(pool.take());
  expect(again.toString()).toBe('a'.repeat(1000));
  giveBack(first);
  giveBack(view);
  expect(again.length).toBe(1000);
});

test('a pool keeps no more than its limit', () => {
  const pool = new BlockPool(1000, 1);
  const taken = [own(pool.take().fill('a')), own(pool.take().fill('b'))];
  for (const block of taken) giveBack(block);
  expect(pool.take().toString()).toBe('a'.repeat(1000));
  expect(pool.take().toString()).not.toBe('a'.repeat(1000));
});

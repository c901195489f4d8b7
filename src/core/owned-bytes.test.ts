import { expect, test } from 'vitest';
import { giveBack, own } from './owned-bytes.ts';

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

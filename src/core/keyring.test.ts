import { expect, test } from 'vitest';
import { Keyring } from './keyring.ts';

const [first, second, third] = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const text = Buffer.from('geheim');

test('the first key seals, each opens', () => {
  const ring = new Keyring(first);
  const before = ring.seal(text, 'c');
  ring.use(second, first);
  const after = ring.seal(text, 'c');
  for (const sealed of [before, after]) expect(ring.unseal(sealed, 'c')).toEqual(text);
  expect([before, after].map((sealed) => ring.isCurrent(sealed, 'c'))).toEqual([false, true]);
  expect(new Keyring(second).unseal(after, 'c')).toEqual(text);
  expect(() => new Keyring(first).unseal(after, 'c')).toThrow(/cannot decrypt/);
});

test('a key that the ring has no more opens nothing, and no key opens for another context', () => {
  const ring = new Keyring(first);
  const sealed = ring.seal(text, 'c');
  expect(() => ring.unseal(sealed, 'd')).toThrow(/cannot decrypt d/);
  ring.use(second, third);
  expect(() => ring.unseal(sealed, 'c')).toThrow(/cannot decrypt c/);
});

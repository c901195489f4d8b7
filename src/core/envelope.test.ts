import { expect, test } from 'vitest';
import { seal, unseal } from './envelope.ts';

const key = Buffer.alloc(32, 7);

test('what is sealed opens with the same key and context alone', () => {
  const sealed = seal(key, Buffer.from('geheim'), 'secret app/KEY');
  expect(unseal(key, sealed, 'secret app/KEY').toString()).toBe('geheim');
  expect(() => unseal(key, sealed, 'secret app/OTHER')).toThrow(/cannot decrypt/);
  expect(() => unseal(Buffer.alloc(32), sealed, 'secret app/KEY')).toThrow(/cannot decrypt/);
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  expect(() => unseal(key, sealed, 'secret app/KEY')).toThrow(/cannot decrypt/);
  expect(() => unseal(key, Buffer.alloc(3), 'secret app/KEY')).toThrow(/cannot decrypt/);
});

test('the same text never gives the same bytes', () => {
  expect(seal(key, Buffer.from('x'), 'c')).not.toEqual(seal(key, Buffer.from('x'), 'c'));
});

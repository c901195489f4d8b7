import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { loadMasterKey, seal, unseal } from './envelope.ts';

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

test('the master key is made once, for its owner alone', async () => {
  await using directory = await temporaryDirectory();
  const first = await loadMasterKey(directory.path);
  expect(first).toHaveLength(32);
  expect(await loadMasterKey(directory.path)).toEqual(first);
  expect((await stat(join(directory.path, 'keys', 'master.key'))).mode & 0o777).toBe(0o600);
});

test('of many that make it at once all get the same', async () => {
  await using directory = await temporaryDirectory();
  const keys = await Promise.all(Array.from({ length: 16 }, () => loadMasterKey(directory.path)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
});

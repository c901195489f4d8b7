import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { codeIdentity, isOutdated } from './code-identity.ts';

test('the name of the code changes with every source, and with nothing else', async () => {
  await using directory = await temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  const seen = new Set<string>();
  const identity = async () => (await codeIdentity(directory.path)).toString('hex');
  await writeFile(path('a.ts'), 'export const a = 1;');
  await writeFile(path('b.ts'), '');
  seen.add(await identity());
  await writeFile(path('a.test.ts'), 'a test');
  await writeFile(path('notes.md'), 'text');
  seen.add(await identity());
  expect(seen.size).toBe(1);

  await writeFile(path('a.ts'), 'export const a = 2;');
  seen.add(await identity());
  await rename(path('b.ts'), path('c.ts'));
  seen.add(await identity());
  await writeFile(path('d.ts'), '');
  seen.add(await identity());
  expect(seen.size).toBe(4);
  expect(await codeIdentity()).toEqual(await codeIdentity());
});

test('a process is outdated as soon as its sources are others, or cannot be read in the midst of an update', async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, 'a.ts');
  await writeFile(source, 'export const a = 1;');
  const code = await codeIdentity(directory.path);
  expect(await isOutdated(code, directory.path)).toBe(false);
  await writeFile(source, 'export const a = 2;');
  expect(await isOutdated(code, directory.path)).toBe(true);
  expect(await isOutdated(code, join(directory.path, 'gone'))).toBe(true);
});

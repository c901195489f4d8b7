import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { makeDirectoryDurable, readJsonFile, removeDurable, writeFileDurable } from './durable-files.ts';

test('a file is replaced whole, with its mode, and leaves no temporary name', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'state.json');
  await writeFileDurable(path, 'one');
  await writeFileDurable(path, 'two', { mode: 0o640 });
  expect(await readFile(path, 'utf8')).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect(await readdir(directory.path)).toEqual(['state.json']);
});

test('a failed write leaves the old content and nothing else', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'file');
  await makeDirectoryDurable(path);
  await writeFile(join(path, 'kept'), '');
  await expect(writeFileDurable(path, 'x')).rejects.toThrow(/EISDIR|ENOTEMPTY/);
  expect(await readdir(directory.path)).toEqual(['file']);
});

test('missing parents are made', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'a', 'b', 'c');
  await makeDirectoryDurable(path);
  await makeDirectoryDurable(path);
  expect((await stat(path)).isDirectory()).toBe(true);
});

test.skipIf(process.platform !== 'linux')(
  'a directory that cannot be made is an error, also where the system says that it is absent',
  async () => {
    await expect(makeDirectoryDurable('/proc/nope/deeper')).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

test('removing what is absent is no error', async () => {
  await using directory = await temporaryDirectory();
  await removeDurable(join(directory.path, 'absent'));
  await removeDurable(join(directory.path, 'no', 'parent'));
});

test('an absent JSON file is undefined, a broken one an error', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'x.json');
  expect(await readJsonFile(path)).toBeUndefined();
  await writeFile(path, '{');
  await expect(readJsonFile(path)).rejects.toThrow(SyntaxError);
});

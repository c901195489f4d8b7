import { readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { KeptFile } from './kept-file.ts';

interface Names {
  readonly names: readonly string[];
}

let temporary: TemporaryDirectory;
const path = () => join(temporary.path, 'names.json');
const open = () => new KeptFile<Names>(path(), { log: undefined, isContent: ({ names }) => Array.isArray(names) });
const kept = { names: ['one', 'two'] };

beforeEach(async () => {
  temporary = await temporaryDirectory();
  await open().write(kept);
});
afterEach(() => temporary[Symbol.asyncDispose]());

/** Still JSON, but not what was written. */
const alter = async (file: string) => writeFile(file, (await readFile(file, 'utf8')).replace('two', 'twp'));
const cut = async (file: string) => writeFile(file, (await readFile(file, 'utf8')).slice(0, 20));
const files = async () => (await readdir(temporary.path)).sort();

test.each([
  ['altered', alter],
  ['cut', cut],
  ['gone', unlink],
])('of a file that is %s the copy gives everything back', async (_how, damage) => {
  await damage(path());
  expect(await open().read()).toEqual(kept);
  await damage(`${path()}.copy`); // what was mended stands by itself again
  expect(await open().read()).toEqual(kept);
  expect(await open().isMissing()).toBe(false);
  expect(await files()).toEqual(['names.json', 'names.json.copy']);
});

test('what was written last counts, also where only the copy of what was to be written next is there', async () => {
  const before = await readFile(path());
  await open().write({ names: ['three'] });
  await writeFile(path(), before);
  expect(await open().read()).toEqual(kept);
  await unlink(path());
  expect(await open().read()).toEqual(kept);
});

test('a file of before, without a checksum, gets one, and a copy', async () => {
  await rm(`${path()}.copy`);
  await writeFile(path(), JSON.stringify(kept));
  expect(await open().read()).toEqual(kept);
  await alter(path());
  expect(await open().read()).toEqual(kept);
});

test('where both are damaged they are set aside, and what they held is missing until somebody says otherwise', async () => {
  await alter(path());
  const damaged = await readFile(path(), 'utf8');
  await cut(`${path()}.copy`);
  expect(await open().read()).toBeUndefined();
  await open().write({ names: ['three'] });
  expect(await open().isMissing()).toBe(true);
  expect(await readFile(`${path()}.damaged`, 'utf8')).toBe(damaged);
  expect(await open().read()).toEqual({ names: ['three'] });
  await unlink(`${path()}.damaged`);
  expect(await open().isMissing()).toBe(false);
});

test('a file of before that is no content is damaged', async () => {
  await rm(`${path()}.copy`);
  for (const text of ['{"nbmes":[]}', 'null', '[]', '']) {
    await writeFile(path(), text);
    expect(await open().read()).toBeUndefined();
  }
  expect(await open().isMissing()).toBe(true);
});

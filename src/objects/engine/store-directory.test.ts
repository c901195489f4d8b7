import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { StoreDirectory } from './store-directory.ts';

let temporary: TemporaryDirectory;

beforeEach(async () => {
  temporary = await temporaryDirectory();
});

afterEach(() => temporary[Symbol.asyncDispose]());

const path = () => join(temporary.path, 'store.json');
const written = async () => JSON.parse(await readFile(path(), 'utf8'));
const open = async () => {
  const directory = await StoreDirectory.open(temporary.path, 2 ** 20);
  directory.release();
  return directory.format;
};

test('a store keeps what it was made with', async () => {
  const made = await open();
  expect(made).toEqual({ format: 2, segmentBytes: 2 ** 20, salt: expect.any(Number) });
  expect(await open()).toEqual(made);
});

test('the format of an older store is raised, so that older code does not open it again', async () => {
  const older = { format: 1, segmentBytes: 4096, salt: 7 };
  await writeFile(path(), JSON.stringify(older));
  expect(await open()).toEqual({ ...older, format: 2 });
  expect(await written()).toEqual({ ...older, format: 2 });
});

test.each([0, 3, '2', undefined])('a store of format %j is refused and left as it is', async (format) => {
  await writeFile(path(), JSON.stringify({ format, segmentBytes: 4096, salt: 7 }));
  await expect(open()).rejects.toMatchObject({ code: 'store.format' });
  expect(await written()).toEqual({ format, segmentBytes: 4096, salt: 7 });
});

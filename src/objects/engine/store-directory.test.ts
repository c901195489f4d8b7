import { readFile, rm, writeFile } from 'node:fs/promises';
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
  expect(await written()).toEqual({ ...older, format: 2, crc: expect.any(Number) });
});

test.each([0, 3, '2', undefined])('a store of format %j is refused and left as it is', async (format) => {
  await writeFile(path(), JSON.stringify({ format, segmentBytes: 4096, salt: 7 }));
  await expect(open()).rejects.toMatchObject({ code: 'store.format' });
  expect(await written()).toEqual({ format, segmentBytes: 4096, salt: 7 });
});

test('where nobody can say whether there is a journal, no numbers are made for a new one', async () => {
  await writeFile(join(temporary.path, 'journal'), 'no directory');
  await expect(open()).rejects.toThrow('ENOTDIR');
  await expect(written()).rejects.toThrow('ENOENT');
});

test('of a store whose numbers have changed, or are gone, nothing is touched', async () => {
  const made = await open();
  await writeFile(join(temporary.path, 'journal', '000000000001.journal'), 'something');
  const kept = await written();
  const damaged = { code: 'store.damaged', message: expect.stringContaining(path()) };
  for (const text of [JSON.stringify({ ...kept, salt: made.salt ^ 1 }), '', '{"format":2,']) {
    await writeFile(path(), text);
    await expect(open()).rejects.toMatchObject(damaged);
    expect(await readFile(path(), 'utf8')).toBe(text);
  }
  await rm(path());
  await expect(open()).rejects.toMatchObject(damaged);
  await writeFile(path(), JSON.stringify(kept));
  expect(await open()).toEqual(made);
});

test('a store that was made without a checksum of its numbers gets one', async () => {
  const made = await open();
  await writeFile(path(), JSON.stringify(made));
  expect(await open()).toEqual(made);
  expect(await written()).toEqual({ ...made, crc: expect.any(Number) });
});

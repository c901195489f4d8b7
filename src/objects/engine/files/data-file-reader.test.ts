import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { DataFileReader, dataFilePath } from './data-file-reader.ts';

const ID = 1;
const damaged = expect.objectContaining({ code: 'object.damaged' });
/** Several blocks. */
const bytes = Buffer.alloc(2_000_000, 'what is in the file, ');
const whole = { id: ID, size: bytes.length, crc: crc32(bytes) };

let temporary: TemporaryDirectory;
let reader: DataFileReader;

beforeEach(async () => {
  temporary = await temporaryDirectory();
  reader = new DataFileReader(temporary.path);
  await mkdir(dirname(dataFilePath(temporary.path, ID)));
  await writeFile(dataFilePath(temporary.path, ID), bytes);
});

afterEach(() => temporary[Symbol.asyncDispose]());

const readAll = (size = bytes.length) => Array.fromAsync(reader.read({ ...whole, size }, 0, size - 1));

/** By this process. */
async function isOpen(): Promise<boolean> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return targets.includes(dataFilePath(temporary.path, ID));
}

test('a file that was read is closed', async () => {
  expect(Buffer.concat(await readAll()).equals(bytes)).toBe(true);
  await reader.verify(whole);
  expect(await isOpen()).toBe(false);
});

test('a file is open while it is read, and closed when the reader stops', async () => {
  for await (const block of reader.read(whole, 0, bytes.length - 1)) {
    expect(block.length).toBeLessThan(bytes.length);
    expect(await isOpen()).toBe(true);
    break;
  }
  expect(await isOpen()).toBe(false);
});

test('a file that is damaged is closed', async () => {
  await expect(readAll(bytes.length + 1)).rejects.toThrow(damaged);
  await writeFile(dataFilePath(temporary.path, ID), Buffer.alloc(bytes.length));
  await expect(readAll()).rejects.toThrow(damaged);
  await expect(reader.verify(whole)).rejects.toThrow(damaged);
  expect(await isOpen()).toBe(false);
});

import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { INDEX_FILE, IndexFile } from './index-file.ts';
import { textOf } from './index-keys.ts';

/** The longest object key, with what the index puts around it. */
const LONGEST = 1024 + 14;

async function withEntries(entries: ReadonlyMap<string, Buffer>, use: (file: IndexFile) => void): Promise<void> {
  await using directory = await temporaryDirectory();
  const file = IndexFile.open(directory.path);
  try {
    await file.write(entries);
    use(file);
  } finally {
    await file.close();
  }
}

test('keys of all bytes are sorted as the bytes are, and ranges end before their end', async () => {
  const keys = Array.from({ length: 256 }, (_, byte) => textOf(Buffer.of(1, byte)));
  const entries = new Map(keys.toReversed().map((key) => [key, Buffer.from(key)]));
  await withEntries(entries, (file) => {
    const found = [...file.range({ start: '\u0001', end: '\u0002' })];
    expect(found.map(({ key }) => key)).toEqual(keys);
    const some = [...file.range({ start: keys[3] ?? '', end: keys[200] ?? '', limit: 5 })];
    expect(some.map(({ key }) => key)).toEqual(keys.slice(3, 8));
    expect([...file.range({ start: keys[254] ?? '', end: keys[255] ?? '' })]).toHaveLength(1);
  });
});

test('long keys are looked up one after the other', async () => {
  const keys = Array.from({ length: 100 }, (_, n) => `${n}`.padStart(3, '0').padEnd(LONGEST, '\u00ff'));
  await withEntries(new Map(keys.map((key) => [key, Buffer.from(key.slice(0, 3))])), (file) => {
    for (const key of keys) {
      expect(file.get(key)?.toString()).toBe(key.slice(0, 3));
      const [found] = [...file.range({ start: key, end: `${key}\u0000` })];
      expect(found?.key).toBe(key);
    }
  });
});

test('values of all sizes are given as copies that stay', async () => {
  const sizes = [1, 100, 4096, 10_000, 100_000, 300_000, 2];
  const entries = new Map(sizes.map((size, n) => [`key ${n}`, Buffer.alloc(size, n + 1)]));
  await withEntries(entries, (file) => {
    const listed = new Map(Array.from(file.range({ start: 'k', end: 'l' }), ({ key, value }) => [key, value]));
    const got = new Map(Array.from(entries.keys(), (key) => [key, file.get(key)]));
    for (const [key, value] of entries) {
      expect(listed.get(key)?.equals(value)).toBe(true);
      expect(got.get(key)?.equals(value)).toBe(true);
    }
    expect(file.get('other')).toBeUndefined();
  });
});

test.each([
  [
    'a value that has changed',
    (bytes: Buffer) => bytes.fill('!', bytes.indexOf('value a'), bytes.indexOf('value a') + 1),
  ],
  [
    'a value under another key',
    (bytes: Buffer) => {
      const [a, b] = [bytes.indexOf('value a'), bytes.indexOf('value b')];
      const sealed = Buffer.from(bytes.subarray(a, a + 11));
      bytes.copy(bytes, a, b, b + 11);
      sealed.copy(bytes, b);
    },
  ],
  ['a key that has changed', (bytes: Buffer) => bytes.write('KEY', bytes.indexOf('key a'))],
])('%s is not given', async (_what, damage) => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, INDEX_FILE);
  const written = IndexFile.open(directory.path);
  await written.write(['a', 'b'].map((name) => [`key ${name}`, Buffer.from(`value ${name}`)] as const));
  await written.close();
  const bytes = await readFile(path);
  damage(bytes);
  await writeFile(path, bytes);
  const file = IndexFile.open(directory.path);
  const damaged = expect.objectContaining({ code: 'store.index-damaged' });
  expect(() => [...file.range({ start: 'A', end: 'z' })]).toThrow(damaged);
  expect(() => file.get('key a') ?? file.get('KEY a')).toThrow(damaged);
  expect(file.damageFound).toContain('an entry of the index');
  await file.close();
});

test('nothing is written to the disk that was in memory before', async () => {
  await using directory = await temporaryDirectory();
  const program = `
    import { IndexFile } from ${JSON.stringify(join(import.meta.dirname, 'index-file.ts'))};
    const file = IndexFile.open(${JSON.stringify(directory.path)});
    for (let i = 0; i < 4000; i++) Buffer.allocUnsafeSlow(4096).fill('what an object holds;');
    gc();
    await file.write(Array.from({ length: 3000 }, (_, n) => ['key ' + n, Buffer.alloc(100)]));
    await file.close();`;
  // Memory that one thread gives back is what another one gets, at once.
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
  await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], { env });
  const written = (await readdir(directory.path)).map((name) => readFile(join(directory.path, name)));
  const bytes = Buffer.concat(await Promise.all(written));
  expect([bytes.includes('key 2999'), bytes.includes('an object holds')]).toEqual([true, false]);
});

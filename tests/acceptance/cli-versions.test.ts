import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ListedVersion } from '../../sdk/src/index.ts';
import { type CliBench, startCliBench } from '../support/cli-bench.ts';

/** Old versions, and objects from place to place, with the CLI. */

let bench: CliBench;
beforeAll(async () => {
  bench = await startCliBench('notes', 'archive');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const read = async (bucket: string, key: string, ...args: string[]) =>
  (await bench.cli('get', bucket, key, '-', ...args)).stdout;
const versions = (key: string) => bench.json<ListedVersion[]>('ls', 'notes', key, '--versions');

async function write(key: string, text: string): Promise<void> {
  const { child, result } = bench.start('put', 'notes', '-', key);
  child.stdin.end(text);
  expect((await result).code).toBe(0);
}

test('what was overwritten or deleted is listed, read, brought back and removed for good', async () => {
  expect((await bench.cli('versioning', 'notes')).stdout).toBe('off\n');
  expect(await bench.cli('versioning', 'notes', 'enabled')).toMatchObject({ code: 0 });
  expect(await bench.json('versioning', 'notes')).toEqual({ bucket: 'notes', versioning: 'enabled' });
  for (const text of ['one', 'two', 'three']) await write('a.txt', text);
  await write('a.txt.bak', 'beside');
  const [latest, second, first, beside] = await versions('a.txt');
  expect([latest?.isLatest, second?.isLatest, beside?.key]).toEqual([true, false, 'a.txt.bak']);
  expect(await read('notes', 'a.txt', '--version-id', first?.versionId ?? '')).toBe('one');
  expect((await bench.cli('ls', 'notes', 'a.txt', '--versions')).stdout).toContain(second?.versionId);

  await bench.cli('rm', 'notes', 'a.txt', '--yes');
  expect(await bench.cli('get', 'notes', 'a.txt', '-')).toMatchObject({ code: 3 });
  expect((await versions('a.txt'))[0]).toMatchObject({ deleteMarker: true, isLatest: true, size: 0 });
  expect(await bench.cli('undelete', 'notes', 'a.txt')).toMatchObject({ stdout: 'notes/a.txt is back.\n' });
  expect(await read('notes', 'a.txt')).toBe('three');
  expect(await bench.cli('undelete', 'notes', 'a.txt')).toMatchObject({ stdout: 'notes/a.txt is there.\n', code: 0 });
  expect(await bench.cli('undelete', 'notes', 'a.tx')).toMatchObject({ code: 3 });

  await bench.cli('cp', 's3://notes/a.txt', 's3://notes/a.txt', '--version-id', second?.versionId ?? '');
  expect(await read('notes', 'a.txt')).toBe('two');
  const remove = ['rm', 'notes', 'a.txt', '--version-id', first?.versionId ?? ''];
  expect(await bench.cli(...remove)).toMatchObject({ code: 2 });
  expect(await bench.cli(...remove, '--yes')).toMatchObject({ code: 0 });
  expect((await versions('a.txt')).some(({ versionId }) => versionId === first?.versionId)).toBe(false);
});

test('objects are copied and moved on the server', async () => {
  await write('dir/b.json', '{}');
  expect(await bench.cli('cp', 's3://notes/dir/b.json', 's3://archive/2026/')).toMatchObject({
    code: 0,
    stdout: 'archive/2026/b.json is a copy of notes/dir/b.json.\n',
  });
  expect(await bench.cli('mv', 's3://notes/dir/b.json', 's3://notes/c.json')).toMatchObject({ code: 0 });
  expect([await read('archive', '2026/b.json'), await read('notes', 'c.json')]).toEqual(['{}', '{}']);
  expect(await bench.cli('get', 'notes', 'dir/b.json', '-')).toMatchObject({ code: 3 });
  expect(await bench.cli('mv', 's3://notes/c.json', 's3://notes/c.json')).toMatchObject({ code: 2 });
  const { id } = await bench.json<{ id: string }>('show', 'notes');
  const itself = await bench.cli('mv', 's3://notes/c.json', `s3://${id}/c.json`);
  expect(itself).toMatchObject({ code: 2, stderr: expect.stringContaining('both are the same object') });
  expect(await bench.cli('mv', 's3://notes/lost', 's3://notes/found')).toMatchObject({ code: 3 });
  expect(await bench.cli('cp', 's3://notes', 's3://archive')).toMatchObject({ code: 2 });
});

test('a tree is put and got whole, and options for trees are refused without --recursive', async () => {
  await write('t/a.txt', 'a');
  await write('t/b/c.txt', 'c');
  expect(await bench.cli('get', 'notes', 't', '-r', '--exclude', '*.txt', '--include', '*c.txt')).toMatchObject({
    code: 0,
    stdout: '1 copied (1 B).\n',
  });
  expect(await bench.cli('put', 'archive', 't', 'copy', '-r')).toMatchObject({ code: 0, stdout: '1 copied (1 B).\n' });
  expect(await read('archive', 'copy/b/c.txt')).toBe('c');
  expect(await bench.cli('put', 'archive', 't')).toMatchObject({ code: 2 });
  expect(await bench.cli('get', 'notes', 't/a.txt', '--dry-run')).toMatchObject({ code: 2 });
});

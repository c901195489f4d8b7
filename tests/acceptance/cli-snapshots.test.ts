import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliBench, startCliBench } from '../support/cli-bench.ts';
import { readTree } from '../support/s3-client-program.ts';

/** Snapshots and forks of a bucket, with the CLI. */

let bench: CliBench;
beforeAll(async () => {
  bench = await startCliBench('notes');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const read = async (bucket: string, key: string, ...args: string[]) =>
  (await bench.cli('get', bucket, key, '-', ...args)).stdout;
async function write(key: string, text: string): Promise<void> {
  await writeFile(join(bench.home, 'input'), text);
  expect(await bench.cli('put', 'notes', 'input', key)).toMatchObject({ code: 0 });
}

test('a snapshot is taken, looked at, gone back to, forked and destroyed', async () => {
  await write('a.txt', 'one');
  await write('dir/b.txt', 'bee');
  const taken = await bench.cli('snapshots', 'create', 'notes', 'monday');
  expect(taken.stdout).toMatch(/^The snapshot \w+ is taken\. .* ls notes --snapshot monday\n$/);
  expect((await bench.cli('snapshots', 'list', 'notes')).stdout).toMatch(/SNAPSHOT .*\n\w+ +monday +.* 2 +6 B\n$/);
  await write('a.txt', 'two, and longer');
  await write('c.txt', 'new');
  await bench.cli('rm', 'notes', 'dir/b.txt', '--yes');

  const listed = await bench.json<{ key: string }[]>('ls', 'notes', '-r', '--snapshot', 'monday');
  expect(listed.map(({ key }) => key)).toEqual(['a.txt', 'dir/b.txt']);
  expect(await read('notes', 'a.txt', '--snapshot', 'monday')).toBe('one');
  expect(await read('notes', 'a.txt')).toBe('two, and longer');
  expect(await bench.cli('get', 'notes', '', 'then', '-r', '--snapshot', 'monday')).toMatchObject({ code: 0 });
  expect(await readTree(join(bench.home, 'then'))).toEqual({ 'a.txt': 'one', 'dir/b.txt': 'bee' });

  expect(await bench.cli('fork', 'notes', 'past', '--snapshot', 'monday')).toMatchObject({ code: 0 });
  expect(await bench.cli('fork', 'notes', 'present')).toMatchObject({ code: 0 });
  expect([await read('past', 'a.txt'), await read('present', 'a.txt')]).toEqual(['one', 'two, and longer']);
  expect(await bench.cli('fork', 'notes', 'none', '--snapshot', 'tuesday')).toMatchObject({ code: 3 });

  const restored = await bench.cli('sync', 's3://notes', 's3://notes', '--snapshot', 'monday', '--delete');
  expect(restored).toMatchObject({ code: 0, stdout: '2 copied (6 B), 1 deleted.\n' });
  expect([await read('notes', 'a.txt'), await read('notes', 'dir/b.txt')]).toEqual(['one', 'bee']);
  expect(await read('present', 'c.txt')).toBe('new');

  expect(await bench.cli('snapshots', 'destroy', 'notes', 'monday')).toMatchObject({ code: 2 });
  expect(await bench.cli('snapshots', 'destroy', 'notes', 'monday', '--yes')).toMatchObject({ code: 0 });
  expect(await bench.cli('get', 'notes', 'a.txt', '-', '--snapshot', 'monday')).toMatchObject({ code: 3 });
  expect(await bench.cli('ls', 'notes', '--snapshot', 'monday')).toMatchObject({ code: 3 });
  expect(await read('past', 'a.txt')).toBe('one');
  expect((await bench.cli('snapshots', 'list', 'notes')).stdout).toBe('No snapshots yet.\n');
});

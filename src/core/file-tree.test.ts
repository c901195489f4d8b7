import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exec } from './exec.ts';
import { removeTree, syncTree, walkTree } from './file-tree.ts';

let top: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hf-tree-'));
  await mkdir(join(top, 'a/b'), { recursive: true });
  await writeFile(join(top, 'a/b/file'), 'x');
  await symlink('/', join(top, 'a/link'));
});
afterEach(() => rm(top, { recursive: true, force: true }));

it('walks everything once, without following links', async () => {
  const paths = (await Array.fromAsync(walkTree(top))).map(({ path }) => path);
  expect(paths.sort()).toEqual(['', 'a', 'a/b', 'a/b/file', 'a/link']);
  expect(await Array.fromAsync(walkTree(join(top, 'absent')))).toEqual([]);
});

it.skipIf(process.platform === 'win32')('syncs a tree with a FIFO in it', async () => {
  await exec(['mkfifo', join(top, 'a/fifo')]);
  await syncTree(top);
});

it('removes a tree with directories that may not be written', async () => {
  await chmod(join(top, 'a/b'), 0o500);
  await removeTree(join(top, 'a'));
  await removeTree(join(top, 'a'));
  expect(await readdir(top)).toEqual([]);
});

import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyByNode, copyTree, gnuCopyArgv } from './copy-tree.ts';
import { exec } from './exec.ts';

let top: string;
let from: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hf-copy-'));
  from = join(top, 'from');
  await mkdir(join(from, 'directory'), { recursive: true, mode: 0o750 });
  await writeFile(join(from, 'directory/script'), '#!/bin/sh\n');
  await chmod(join(from, 'directory/script'), 0o751);
  await utimes(join(from, 'directory/script'), 1e9, 1e9);
  await symlink('script', join(from, 'directory/link'));
  await symlink('/nowhere', join(from, 'dangling'));
});
afterEach(() => rm(top, { recursive: true }));

describe.each([
  ['copyTree', copyTree],
  ['copyByNode', copyByNode],
])('%s', (_name, copy) => {
  it('keeps content, modes, times and links', async () => {
    const to = join(top, 'to');
    await copy(from, to);
    expect(await readFile(join(to, 'directory/script'), 'utf8')).toBe('#!/bin/sh\n');
    const script = await stat(join(to, 'directory/script'));
    expect(script.mode & 0o777).toBe(0o751);
    expect(script.mtimeMs).toBe(1e12);
    expect(await readlink(join(to, 'directory/link'))).toBe('script');
    expect(await readlink(join(to, 'dangling'))).toBe('/nowhere');
  });
});

const gnu = await exec(['cp', '--version']).then(
  ({ stdout }) => stdout.includes('GNU'),
  () => false,
);

describe.skipIf(!gnu)('copyTree with GNU cp', () => {
  it('keeps holes, hard links, and modes of directories', async () => {
    const sparse = await open(join(from, 'sparse'), 'w');
    await sparse.truncate(64 * 1024 * 1024);
    await sparse.close();
    await link(join(from, 'directory/script'), join(from, 'same'));
    const to = join(top, 'to');
    await copyTree(from, to);
    const copy = await lstat(join(to, 'sparse'));
    expect(copy.size).toBe(64 * 1024 * 1024);
    expect(copy.blocks * 512).toBeLessThan(1024 * 1024);
    expect((await stat(join(to, 'same'))).ino).toBe((await stat(join(to, 'directory/script'))).ino);
    expect((await stat(join(to, 'directory'))).mode & 0o777).toBe(0o750);
  });

  it('says what was missing', async () => {
    await expect(copyTree(join(top, 'absent'), join(top, 'to'))).rejects.toThrow(/No such file/i);
  });
});

it('treats names as names', () => {
  expect(gnuCopyArgv('--no-target-directory', '--', '-r', '/to').slice(-3)).toEqual(['--', '-r', '/to']);
});

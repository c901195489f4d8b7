import { chmod, mkdir, mkdtempDisposable, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyTree, syncFileSystem } from './copy-tree.ts';

describe('copyTree', () => {
  it('copies modes, links and hidden files, without what is left out at the top', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-copy-'));
    const [from, to] = [join(directory.path, 'from'), join(directory.path, 'to')];
    await mkdir(join(from, 'node_modules/x'), { recursive: true });
    await mkdir(join(from, 'src/node_modules'), { recursive: true });
    await writeFile(join(from, '.hidden'), '');
    await writeFile(join(from, '-n'), '');
    await writeFile(join(from, 'src/run'), '');
    await chmod(join(from, 'src/run'), 0o750);
    await symlink('../.hidden', join(from, 'src/link'));
    await copyTree(from, to, { except: 'node_modules' });
    await syncFileSystem(to);
    const copied = (await readdir(to, { recursive: true })).sort();
    expect(copied).toEqual(['-n', '.hidden', 'src', 'src/link', 'src/node_modules', 'src/run']);
    expect((await stat(join(to, 'src/run'))).mode & 0o777).toBe(0o750);
    expect(await readlink(join(to, 'src/link'))).toBe('../.hidden');
  });

  it('copies an empty directory, and refuses an absent one', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-copy-'));
    await mkdir(join(directory.path, 'empty'));
    await copyTree(join(directory.path, 'empty'), join(directory.path, 'to'));
    expect(await readdir(join(directory.path, 'to'))).toEqual([]);
    await expect(copyTree(join(directory.path, 'gone'), join(directory.path, 'x'))).rejects.toThrow();
  });
});

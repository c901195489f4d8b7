import { chmod, link, mkdir, mkdtempDisposable, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { list } from 'tar';
import { describe, expect, it } from 'vitest';
import { packSource } from './source-archive.ts';

async function tree(files: Readonly<Record<string, string>>) {
  const directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-pack-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), content);
  }
  return directory;
}

async function packed(directory: string): Promise<string[]> {
  const paths: string[] = [];
  const parser = list({ onReadEntry: (entry) => paths.push(entry.path) });
  parser.end(await buffer(packSource(directory)));
  return paths.map((path) => path.replace(/^\.\//, '').replace(/\/$/, '')).filter(Boolean);
}

describe('packSource', () => {
  it('packs files, sorted, without what a build makes anew', async () => {
    await using directory = await tree({
      'package.json': '{}',
      'src/b.js': '',
      'src/a.js': '',
      '@assets/logo.svg': '',
      'node_modules/express/index.js': '',
      'packages/x/node_modules/y/index.js': '',
      '.git/HEAD': '',
      '.holdfast/control.db': '',
    });
    expect(await packed(directory.path)).toEqual([
      ...['@assets', '@assets/logo.svg', 'package.json', 'packages', 'packages/x'],
      ...['src', 'src/a.js', 'src/b.js'],
    ]);
  });

  it('takes .holdfastignore alone where there is one', async () => {
    await using directory = await tree({ '.holdfastignore': '*.md\n!keep.md\n/tmp/\n', '.gitignore': 'dist\n' });
    for (const name of ['a.md', 'keep.md', 'docs.txt']) await writeFile(join(directory.path, name), '');
    for (const name of ['dist', 'tmp']) await mkdir(join(directory.path, name));
    expect(await packed(directory.path)).toEqual(['.gitignore', '.holdfastignore', 'dist', 'docs.txt', 'keep.md']);
  });

  it('counts patterns of a .dockerignore from the top', async () => {
    await using directory = await tree({ '.dockerignore': '# local\n*.log\nbuild\n**/*.tmp\n', '.gitignore': 'src' });
    for (const path of ['src/build', 'build']) await mkdir(join(directory.path, path), { recursive: true });
    for (const name of ['a.log', 'a.tmp', 'src/b.log', 'src/b.tmp']) await writeFile(join(directory.path, name), '');
    expect(await packed(directory.path)).toEqual(['.dockerignore', '.gitignore', 'src', 'src/b.log', 'src/build']);
  });

  it('falls back to .gitignore', async () => {
    await using directory = await tree({
      '.gitignore': '.env\ndist/\n',
      '.env': '',
      'dist/x.js': '',
      'src/dist/y.js': '',
    });
    expect(await packed(directory.path)).toEqual(['.gitignore', 'src']);
  });

  it('keeps links that stay inside', async () => {
    await using directory = await tree({ 'src/a.js': '' });
    const links = {
      'src/inner': 'a.js',
      'src/up': '../src/a.js',
      out: '../secret',
      'src/deep': '../../secret',
      absolute: '/etc/passwd',
      winding: 'src/../../secret',
    };
    for (const [path, target] of Object.entries(links)) await symlink(target, join(directory.path, path));
    expect(await packed(directory.path)).toEqual(['src', 'src/a.js', 'src/inner', 'src/up']);
  });

  it('gives the same bytes for the same content', async () => {
    const files = { 'b.js': 'b', 'src/a.js': 'a', 'large.bin': 'x'.repeat(300_000) };
    await using one = await tree(files);
    await using other = await tree(Object.fromEntries(Object.entries(files).reverse()));
    await utimes(join(other.path, 'b.js'), new Date(0), new Date(0));
    await chmod(join(other.path, 'src'), 0o700);
    expect((await buffer(packSource(one.path))).equals(await buffer(packSource(other.path)))).toBe(true);
  });

  it('packs hard-linked files', async () => {
    await using directory = await tree({ 'a.js': 'a' });
    await link(join(directory.path, 'a.js'), join(directory.path, 'b.js'));
    expect(await packed(directory.path)).toEqual(['a.js', 'b.js']);
  });

  it('says which file cannot be read', async () => {
    await expect(buffer(packSource('/nonexistent/app'))).rejects.toMatchObject({ code: 'source.unreadable' });
    await using directory = await tree({ 'secret.key': '' });
    await chmod(join(directory.path, 'secret.key'), 0);
    if (process.getuid?.() === 0) return; // root reads everything
    await expect(buffer(packSource(directory.path))).rejects.toThrow(/secret\.key cannot be read/);
  });
});

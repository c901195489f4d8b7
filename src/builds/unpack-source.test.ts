import { randomBytes } from 'node:crypto';
import { lstat, mkdtempDisposable, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar';
import { describe, expect, it } from 'vitest';
import { unpackSource } from './unpack-source.ts';

type Entry = Pick<HeaderData, 'type' | 'linkpath' | 'mode'> & { readonly path: string; readonly content?: string };

/** Archives as no well-behaved program writes them. */
function archive(...entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ content = '', ...data }) => {
    const header = new Header({ type: 'File', mode: 0o644, mtime: new Date(0), size: content.length, ...data });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    return [block, Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, '\0'))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

async function unpack(bytes: Buffer, options: Parameters<typeof unpackSource>[2] = {}) {
  const directory = await mkdtempDisposable(join(tmpdir(), 'holdfast-unpack-'));
  const outer = await mkdtempDisposable(join(tmpdir(), 'holdfast-archive-'));
  await writeFile(join(outer.path, 'source.tar.gz'), bytes);
  try {
    await unpackSource(join(outer.path, 'source.tar.gz'), directory.path, options);
    return directory;
  } catch (error) {
    await directory.remove();
    throw error;
  } finally {
    await outer.remove();
  }
}

async function openFiles(): Promise<readonly string[]> {
  const names = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(names)).filter((name) => name.includes('holdfast-unpack-'));
}

const GOOD: Entry = { path: 'a/b.js', content: 'hello' };

describe('unpackSource', () => {
  it('unpacks files, directories and links', async () => {
    await using directory = await unpack(
      gzipSync(
        archive(
          { path: './', type: 'Directory', mode: 0o777 },
          { path: './a/', type: 'Directory', mode: 0o777 },
          { path: './a/b.js', content: 'hello' },
          { path: './run.sh', content: '#!/bin/sh', mode: 0o6775 },
          { path: './copy.js', type: 'Link', linkpath: './a/b.js' },
          { path: './a/link', type: 'SymbolicLink', linkpath: '../run.sh' },
          { path: './empty', content: '' },
        ),
      ),
    );
    expect((await readdir(directory.path, { recursive: true })).sort()).toEqual([
      'a',
      'a/b.js',
      'a/link',
      'copy.js',
      'empty',
      'run.sh',
    ]);
    expect(await readFile(join(directory.path, 'copy.js'), 'utf8')).toBe('hello');
    expect(await readlink(join(directory.path, 'a/link'))).toBe('../run.sh');
    expect((await lstat(join(directory.path, 'run.sh'))).mode & 0o7777).toBe(0o755);
    expect((await lstat(join(directory.path, 'copy.js'))).nlink).toBe(1);
  });

  it('unpacks a file of many chunks', async () => {
    const content = Array.from({ length: 200_000 }, (_, i) => i).join(',');
    await using directory = await unpack(gzipSync(archive({ path: 'large', content }, GOOD)));
    expect(await readFile(join(directory.path, 'large'), 'utf8')).toBe(content);
  });

  it.each<[string, readonly Entry[]]>([
    ['an absolute path', [{ path: '/etc/evil', content: 'x' }]],
    ['a path with ..', [{ path: 'a/../../evil', content: 'x' }]],
    ['a directory with ..', [{ path: '../evil/', type: 'Directory' }]],
    ['an absolute link', [{ path: 'a', type: 'SymbolicLink', linkpath: '/etc' }]],
    ['a link above the top', [{ path: 'a', type: 'SymbolicLink', linkpath: '..' }]],
    ['a deep link above the top', [{ path: 'a/b', type: 'SymbolicLink', linkpath: '../../x' }]],
    ['a link that climbs after a name', [{ path: 'b', type: 'SymbolicLink', linkpath: 'd/e/../..' }]],
    [
      'a file through a link',
      [
        { path: 'a', type: 'SymbolicLink', linkpath: 'b' },
        { path: 'a/x', content: 'x' },
      ],
    ],
    [
      'a file over a link',
      [
        { path: 'a', type: 'SymbolicLink', linkpath: 'b' },
        { path: 'a', content: 'x' },
      ],
    ],
    [
      'a directory over a link',
      [GOOD, { path: 'l', type: 'SymbolicLink', linkpath: 'a' }, { path: 'l/', type: 'Directory' }, { path: 'l/x' }],
    ],
    ['a hard link to the outside', [GOOD, { path: 'h', type: 'Link', linkpath: '/etc/passwd' }]],
    ['a hard link above', [GOOD, { path: 'h', type: 'Link', linkpath: '../x' }]],
    [
      'a hard link to a symbolic one',
      [
        { path: 's', type: 'SymbolicLink', linkpath: 'x' },
        { path: 'h', type: 'Link', linkpath: 's' },
      ],
    ],
    ['a file twice', [GOOD, GOOD]],
    ['a device', [GOOD, { path: 'sda', type: 'BlockDevice' }]],
    ['a pipe', [GOOD, { path: 'pipe', type: 'FIFO' }]],
    ['nothing', []],
  ])('refuses %s', async (_what, entries) => {
    await expect(unpack(gzipSync(archive(...entries)))).rejects.toMatchObject({ code: 'build.source' });
  });

  it('refuses too many entries and too many bytes', async () => {
    const many = archive(...Array.from({ length: 11 }, (_, i) => ({ path: `f${i}`, content: 'x' })));
    const limits = { limits: { maxEntries: 10, maxBytes: 10 } };
    await expect(unpack(gzipSync(many), limits)).rejects.toThrow(/more than 10 entries/);
    const large = archive({ path: 'large', content: 'x'.repeat(11) });
    await expect(unpack(gzipSync(large), limits)).rejects.toThrow(/larger than 10 bytes/);
  });

  it('reads nothing after the end of the archive', async () => {
    await using directory = await unpack(gzipSync(Buffer.concat([archive(GOOD), Buffer.alloc(50_000_000)])));
    expect(await readdir(directory.path)).toEqual(['a']);
  });

  it('refuses a decompression bomb', async () => {
    const bomb = gzipSync(archive({ path: 'zeros', content: '0'.repeat(20_000_000) }));
    await expect(unpack(bomb, { limits: { maxBytes: 10_000_000 } })).rejects.toThrow(/larger than 10000000 bytes/);
  });

  it('refuses what is not an archive, or only its beginning', async () => {
    await expect(unpack(Buffer.from('hello'))).rejects.toMatchObject({ code: 'build.source' });
    await expect(unpack(Buffer.alloc(0))).rejects.toMatchObject({ code: 'build.source' });
    const whole = gzipSync(archive({ path: 'a', content: Math.random().toString().repeat(1000) }));
    await expect(unpack(whole.subarray(0, whole.length / 2))).rejects.toMatchObject({ code: 'build.source' });
    const cut = archive({ path: 'a', content: 'x'.repeat(2000) }).subarray(0, 1024);
    await expect(unpack(gzipSync(cut))).rejects.toMatchObject({ code: 'build.source' });
  });

  it('says when it was aborted', async () => {
    const signal = AbortSignal.abort();
    await expect(unpack(gzipSync(archive(GOOD)), { signal })).rejects.toMatchObject({ code: 'build.aborted' });
  });

  it.each(['in the archive', 'in its compression'])('leaves no file open where it is cut off %s', async (where) => {
    const whole = archive({ path: 'a', content: randomBytes(1024 * 1024).toString('hex') });
    const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length / 2);
    const bytes = where === 'in the archive' ? gzipSync(cut(whole)) : cut(gzipSync(whole));
    await expect(unpack(bytes)).rejects.toMatchObject({ code: 'build.source' });
    expect(await openFiles()).toEqual([]);
  });
});

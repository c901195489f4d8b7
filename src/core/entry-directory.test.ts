import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntryDirectory } from './entry-directory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hf-entries-'));
});
afterEach(() => rm(root, { recursive: true }));

const fill = (text: string) => (directory: string) => writeFile(join(directory, 'file'), text);
const staged = () => readdir(join(root, '.staging'));

describe('EntryDirectory', () => {
  it('makes an entry once, whole', async () => {
    const entries = new EntryDirectory(root);
    await entries.create(['a'], fill('first'));
    await entries.create(['a'], fill('second'));
    expect(await readFile(entries.path('a', 'file'), 'utf8')).toBe('first');
    expect(await entries.list()).toEqual(['a']);
    expect(await staged()).toEqual([]);
  });

  it('makes nothing when filling fails', async () => {
    const entries = new EntryDirectory(root);
    const failing = entries.create(['a'], async (directory) => {
      await fill('half')(directory);
      throw Object.assign(new Error('write'), { code: 'ENOSPC' });
    });
    await expect(failing).rejects.toMatchObject({ code: 'disk.full' });
    expect(await entries.list()).toEqual([]);
    expect(await staged()).toEqual([]);
  });

  it('lets one of two makers win', async () => {
    const [one, other] = [new EntryDirectory(root), new EntryDirectory(root)];
    await Promise.all([one.create(['a'], fill('one')), other.create(['a'], fill('other'))]);
    expect(['one', 'other']).toContain(await readFile(one.path('a', 'file'), 'utf8'));
    expect(await staged()).toEqual([]);
  });

  it('removes an entry when the check agrees', async () => {
    const entries = new EntryDirectory(root);
    await entries.create(['a'], fill('x'));
    const refusing = entries.remove(['a'], async () => {
      throw new Error('no');
    });
    await expect(refusing).rejects.toThrow('no');
    expect(await entries.has('a')).toBe(true);
    await entries.remove(['a']);
    await entries.remove(['a']);
    expect(await entries.has('a')).toBe(false);
    expect(await staged()).toEqual([]);
  });

  it('clears what a dead process left, and not what a living one makes', async () => {
    await mkdir(join(root, '.staging', 'dead'), { recursive: true });
    await writeFile(join(root, '.staging', 'dead', 'half'), '');
    await writeFile(join(root, '.staging', 'dead.lock'), '');
    await mkdir(join(root, 'entry'));
    await writeFile(join(root, 'entry', 'record.json'), '{}');
    await writeFile(join(root, 'entry', 'record.json.0123456789ab.tmp'), '{');

    const maker = new EntryDirectory(root);
    const [started, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const making = maker.create(['a'], async (directory) => {
      await fill('slow')(directory);
      started.resolve();
      await finish.promise;
    });
    await started.promise;
    expect(await readdir(join(root, 'entry'))).toEqual(['record.json']);
    await new EntryDirectory(root).open();
    expect((await staged()).filter((name) => !name.endsWith('.lock'))).toHaveLength(1);
    finish.resolve();
    await making;
    expect(await readFile(maker.path('a', 'file'), 'utf8')).toBe('slow');
  });

  it('runs exclusive sections of several objects one after the other', async () => {
    const all = [new EntryDirectory(root), new EntryDirectory(root)];
    let inside = 0;
    const section = async () => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, (_, i) => all[i % 2]?.exclusive(section)));
  });

  it.each(['', '.', '..', '.hidden', 'a/b', '../x', 'a\0'])('refuses the name %j', (name) => {
    expect(() => new EntryDirectory(root).path(name)).toThrow('is not a name');
  });

  it('can be opened when a first attempt failed', async () => {
    const path = join(root, 'file', 'below');
    await writeFile(join(root, 'file'), '');
    const entries = new EntryDirectory(path);
    await expect(entries.list()).rejects.toThrow(/ENOTDIR/);
    await rm(join(root, 'file'));
    expect(await entries.list()).toEqual([]);
  });
});

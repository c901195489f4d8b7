import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilesystemDriver } from '../../src/filesystems/filesystem-driver.ts';

export interface FilesystemDriverHarness {
  /** A driver over the harness's one disk; another call is another platform process, or the same after a restart. */
  open(): Promise<FilesystemDriver>;
  /** What an instance does in its mount. */
  write(hostPath: string, name: string, content: string): Promise<void>;
  read(hostPath: string, name: string): Promise<string | undefined>;
  /** Makes a symbolic link; absent where there are none. */
  link?(hostPath: string, name: string, target: string): Promise<void>;
  close(): Promise<void>;
}

export function filesystemDriverContract(name: string, openHarness: () => Promise<FilesystemDriverHarness>): void {
  describe(`FilesystemDriver: ${name}`, () => {
    let harness: FilesystemDriverHarness;
    let driver: FilesystemDriver;

    beforeEach(async () => {
      harness = await openHarness();
      driver = await harness.open();
      await driver.create('f');
    });
    afterEach(() => harness.close());

    const mount = async (holder: string, rootDirectory?: string) =>
      (await driver.mount('f', { holder, rootDirectory })).hostPath;
    const refused = { code: 'filesystem.root-directory', kind: 'invalid' };

    it('creates a filesystem once', async () => {
      await harness.write(await mount('a'), 'file', 'kept');
      await Promise.all([driver.create('f'), driver.create('f')]);
      expect(await driver.list()).toEqual([{ id: 'f', holders: ['a'] }]);
      expect(await harness.read(await mount('a'), 'file')).toBe('kept');
    });

    it('is shared by all that mount it, whichever driver they ask', async () => {
      await harness.write(await mount('a'), 'file', 'shared');
      const { hostPath } = await (await harness.open()).mount('f', { holder: 'b' });
      expect(await harness.read(hostPath, 'file')).toBe('shared');
      expect((await driver.list())[0]?.holders).toEqual(['a', 'b']);
    });

    it('records every holder of many that mount at once', async () => {
      const drivers = [driver, await harness.open()];
      const holders = Array.from({ length: 8 }, (_, i) => `i${i}`);
      await Promise.all(holders.map((holder, i) => drivers[i % drivers.length]?.mount('f', { holder })));
      expect([...((await driver.list())[0]?.holders ?? [])].sort()).toEqual(holders);
    });

    it('remembers holders until they unmount', async () => {
      await mount('a');
      await mount('a', '/sub');
      const restarted = await harness.open();
      expect(await restarted.list()).toEqual([{ id: 'f', holders: ['a'] }]);
      await restarted.unmount('f', 'another');
      await restarted.unmount('f', 'a');
      await restarted.unmount('f', 'a');
      await restarted.unmount('unknown', 'a');
      expect(await driver.list()).toEqual([{ id: 'f', holders: [] }]);
    });

    it('limits a mount to its root directory, made when absent', async () => {
      await harness.write(await mount('a', '/one/two'), 'file', 'deep');
      expect(await harness.read(await mount('b', '/one'), 'two/file')).toBe('deep');
      expect(await harness.read(await mount('b'), 'one/two/file')).toBe('deep');
      expect(await mount('c', '//one/./two/')).toBe(await mount('a', '/one/two'));
      expect(await mount('c', '/')).toBe(await mount('a'));
    });

    it.each(['..', '/..', '/a/../../b', 'relative', '', '/zero\0byte'])(
      'refuses the root directory %j',
      async (path) => {
        await expect(driver.mount('f', { holder: 'a', rootDirectory: path })).rejects.toMatchObject(refused);
        expect(await driver.list()).toEqual([{ id: 'f', holders: [] }]);
      },
    );

    it('follows links within the filesystem and refuses those that lead out', async (context) => {
      const { link } = harness;
      if (!link) return context.skip(`${name} has no links`);
      const top = await mount('a');
      await harness.write(await mount('a', '/v1'), 'file', 'in');
      await link(top, 'current', 'v1');
      await link(top, 'outside', '/');
      await link(top, 'up', '../..');
      await link(top, 'dangling', 'nowhere');
      await link(top, 'loop', 'loop');
      await harness.write(top, 'plain', 'a file');
      expect(await harness.read(await mount('b', '/current'), 'file')).toBe('in');
      for (const path of [
        '/outside',
        '/outside/tmp',
        '/up',
        '/up/x',
        '/dangling',
        '/dangling/x',
        '/loop',
        '/plain',
        '/plain/x',
      ]) {
        await expect(driver.mount('f', { holder: 'c', rootDirectory: path })).rejects.toMatchObject(refused);
      }
      expect((await driver.list())[0]?.holders).toEqual(['a', 'b']);
    });

    it('meters 2 KiB an object and its data by 4 KiB', async () => {
      const top = await mount('a');
      expect(await driver.usage('f')).toEqual({ usedBytes: 6144, objects: 1 });
      await harness.write(top, 'empty', '');
      expect(await driver.usage('f')).toEqual({ usedBytes: 2 * 6144, objects: 2 });
      await harness.write(top, 'two-blocks', 'x'.repeat(4097));
      expect(await driver.usage('f')).toEqual({ usedBytes: 2 * 6144 + 2048 + 8192, objects: 3 });
    });

    it('destroys what nobody has mounted, for good', async () => {
      await harness.write(await mount('a'), 'file', 'x');
      await expect(driver.destroy('f')).rejects.toMatchObject({ code: 'filesystem.mounted', kind: 'conflict' });
      await driver.unmount('f', 'a');
      await driver.destroy('f');
      await driver.destroy('f');
      expect(await driver.list()).toEqual([]);
      await driver.create('f');
      expect(await harness.read(await mount('a'), 'file')).toBeUndefined();
    });

    it('says what is not there', async () => {
      const missing = { code: 'filesystem.not-found', kind: 'not-found' };
      await expect(driver.mount('nope', { holder: 'a' })).rejects.toMatchObject(missing);
      await expect(driver.usage('nope')).rejects.toMatchObject(missing);
    });
  });
}

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDirectoryFilesystemDriver } from '../../src/filesystems/drivers/directory-driver.ts';
import { createDirectoryVolumeDriver } from '../../src/volumes/drivers/directory-driver.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = process.getuid?.() === 0;

test.skipIf(!root)(
  '(needs root to mount) drivers on a full disk say so, keep what they have, and recover',
  async () => {
    await using temporary = await temporaryDirectory();
    const path = join(temporary.path, 'disk');
    await mkdir(path);
    await using disk = await mountSmallDisk(path, 16 * 1024 * 1024);
    const volumes = createDirectoryVolumeDriver({ directory: join(path, 'volumes') });
    const filesystems = createDirectoryFilesystemDriver({ directory: join(path, 'filesystems') });
    await volumes.create({ id: 'v', sizeBytes: 1e9 });
    await filesystems.create('f');
    const { hostPath } = await volumes.attach('v', 'writer');
    await writeFile(join(hostPath, 'file'), Buffer.alloc(2 * 1024 * 1024, 1));

    await disk.fill();
    const full = { code: 'disk.full', kind: 'exhausted' };
    await expect(volumes.create({ id: 'w', sizeBytes: 1e9 })).rejects.toMatchObject(full);
    await expect(volumes.snapshot('v', 's')).rejects.toMatchObject(full);
    await expect(filesystems.create('g')).rejects.toMatchObject(full);
    await volumes.attach('v', 'writer');
    expect(await volumes.list()).toEqual([{ id: 'v', sizeBytes: 1e9, attachedTo: 'writer', snapshots: [] }]);
    expect(await filesystems.list()).toEqual([{ id: 'f', holders: [] }]);
    expect(await readdir(join(path, 'volumes', '.staging'))).toEqual([]);

    await disk.empty();
    await volumes.create({ id: 'w', sizeBytes: 1e9 });
    await volumes.snapshot('v', 's');
    expect((await volumes.list()).map(({ id }) => id)).toEqual(['v', 'w']);
  },
);

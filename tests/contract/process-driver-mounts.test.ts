import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeBoth, describeLinks, describeSandbox, IDLE } from './process-fixture.ts';

/** Storage in an instance: links into its directory, or mounts at their paths. */

describeBoth((fixture) => {
  it('refuses a mount whose storage is not there, and leaves nothing', async () => {
    const mounts = [{ name: 'data', hostPath: '/nonexistent', mountPath: '/data' }];
    await expect(fixture().start(IDLE, { mounts })).rejects.toMatchObject({ code: 'instance.start' });
    await expect(fixture().start(IDLE, { service: '../x' })).rejects.toMatchObject({ code: 'instance.start' });
    expect(await readdir(join(fixture().harness.driverDirectory, 'instances'))).toEqual([]);
  });
});

describeLinks((fixture) => {
  it('links mounts into the working directory, whatever the app has there', async () => {
    const hostPath = await fixture().storage('vol_1');
    const other = await fixture().storage('vol_2');
    const app = await fixture().harness.script(
      `import fs from 'node:fs'; fs.writeFileSync('data/kept', 'x'); fs.writeFileSync('mnt/deep/kept', 'y');
       console.log(JSON.stringify(process.env.HOLDFAST_MOUNT_MY_DATA));`,
    );
    const outside = join(fixture().harness.root, 'outside');
    await mkdir(outside);
    await mkdir(join(app.rootDirectory, 'data'));
    await writeFile(join(app.rootDirectory, 'data/.gitkeep'), '');
    await symlink(outside, join(app.rootDirectory, 'mnt'));
    const mounts = [
      { name: 'my-data', hostPath, mountPath: '/data' },
      { name: 'deep', hostPath: other, mountPath: '/mnt/deep' },
    ];
    const variable = await fixture().answer<string>('', { ...app, mounts });
    expect(await readlink(variable)).toBe(hostPath);
    expect(await readdir(hostPath)).toEqual(['kept']);
    expect(await readdir(other)).toEqual(['kept']);
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(join(app.rootDirectory, 'data'))).toEqual(['.gitkeep']);
  });

  it('refuses a mount inside another', async () => {
    const hostPath = await fixture().storage('vol_1');
    const mounts = ['/data', '/data/inner'].map((mountPath) => ({ name: mountPath, hostPath, mountPath }));
    await expect(fixture().start(IDLE, { mounts })).rejects.toThrow(/needs bubblewrap/);
  });
});

describeSandbox((fixture) => {
  it('shows mounts at their paths, read-only ones as such', async () => {
    const hostPath = await fixture().storage('vol_1');
    const inner = await fixture().storage('vol_2');
    const mounts = [
      { name: 'inner', hostPath: inner, mountPath: '/mnt/my-mounted-system/inner' },
      { name: 'data', hostPath, mountPath: '/mnt/my-mounted-system' },
      { name: 'fixed', hostPath, mountPath: '/home/node/fixed', readOnly: true },
    ];
    const answer = await fixture().answer(
      `import fs from 'node:fs';
       fs.writeFileSync('/mnt/my-mounted-system/kept', 'x'); fs.writeFileSync('/mnt/my-mounted-system/inner/kept', 'y');
       let code; try { fs.writeFileSync('/home/node/fixed/no', ''); } catch (error) { code = error.code; }
       console.log(JSON.stringify([code, fs.readFileSync('/home/node/fixed/kept', 'utf8'), process.cwd()]));`,
      { mounts },
    );
    expect(answer).toEqual(['EROFS', 'x', '/app']);
    expect(await readFile(join(hostPath, 'kept'), 'utf8')).toBe('x');
    expect(await readFile(join(inner, 'kept'), 'utf8')).toBe('y');
  });

  it('refuses to mount over the system', async () => {
    const hostPath = await fixture().storage('vol_1');
    for (const mountPath of ['/', '/app', '/usr/share/data', '/etc', '/proc/x', 'data', '/a/../usr', '/data/']) {
      const mounts = [{ name: 'data', hostPath, mountPath }];
      await expect(fixture().start(IDLE, { mounts }), mountPath).rejects.toMatchObject({ code: 'instance.start' });
    }
    expect(existsSync(join(hostPath, 'x'))).toBe(false);
  });
});

import { expect, test } from 'vitest';
import type { AppView, StorageView } from '../../src/control/platform.ts';
import { sampleApp } from '../support/sample-app.ts';
import { TestPlatform } from '../support/test-platform.ts';

/** The forms that users bring from elsewhere deploy as they stand, with a small app added. */

test('a stacktape.yml with a shared filesystem', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('seed-004', platform.directory);
  await platform.run(['deploy'], { cwd: app.path });
  await platform.run(['deploy'], { cwd: app.path });
  const status = await platform.json<AppView>(['status'], { cwd: app.path });
  expect(status.services.map((service) => service.name)).toEqual(['myService']);
  const host = new URL(status.services[0]?.url ?? '').hostname.replace(/\.localhost$/, '');
  expect((await platform.http(host, '/')).body.toString()).toBe('start\nstart\n');
});

test('a fly.toml with [mounts] takes the volume that was created for it', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('seed-002', platform.directory);
  await platform.run(['volumes', 'create', 'data', '--region', 'ewr', '--size', '25'], { cwd: app.path });
  await platform.run(['deploy'], { cwd: app.path });
  await platform.run(['deploy'], { cwd: app.path });
  expect((await platform.http('with-a-disk', '/')).body.toString()).toBe('start\nstart\n');
  const volumes = await platform.json<StorageView[]>(['volumes', 'list'], { cwd: app.path });
  expect(volumes).toMatchObject([{ name: 'data', region: 'ewr', sizeBytes: 25e9, app: 'with-a-disk' }]);
  expect(volumes[0]?.attachedTo).not.toBeNull();
});

test('storage is created by hand before there is an app', async () => {
  await using platform = await TestPlatform.start();
  expect(await platform.run(['volumes', 'create', 'data', '--region', 'ewr', '--size', '25'])).toMatch(/data/);
  expect(await platform.run(['object-store', 'create', 'my-app-images', '--app', 'my-app'])).toMatch(/my-app-images/);
  expect(await platform.json<StorageView[]>(['object-store', 'list', '--app', 'my-app'])).toMatchObject([
    { name: 'my-app-images', app: 'my-app', kind: 'bucket' },
  ]);
});

import { expect, test } from 'vitest';
import type { AppView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { showLogsOnFailure } from '../support/platform-logs.ts';
import { sampleApp } from '../support/sample-app.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { TestPlatform } from '../support/test-platform.ts';

test('instances outlive the platform and are adopted by the next one', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const before = await platform.instanceProcesses();
  expect(before.size).toBeGreaterThan(0);
  await platform.run(['down']);
  expect(await platform.pids()).toEqual([]);
  expect(await platform.instanceProcesses()).toEqual(before);
  await platform.up();
  expect((await platform.http('notes', '/version')).status).toBe(200);
  const status = await platform.json<AppView>(['status', '--app', 'notes']);
  expect(status.services[0]?.instances.map((instance) => instance.id)).toEqual([...new Set(before.values())]);
  expect(await platform.instanceProcesses()).toEqual(before);
  await platform.run(['down', '--all']);
  expect((await platform.instanceProcesses()).size).toBe(0);
});

test.each(['control', 'objects', 'edge'])('the %s role is started again when it is killed', async (role) => {
  await using platform = await TestPlatform.start();
  showLogsOnFailure(platform);
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const instances = await platform.instanceProcesses();
  const load = new SteadyLoad({ platform, host: 'notes', places: ['/data'] });
  await load.answered(10);
  const killed = await platform.killRole(role);
  await waitUntil(async () => (await platform.rolePid(role)) !== killed && platform.rolePid(role), {
    timeoutMs: 60_000,
    what: `another ${role} role`,
  });
  await waitUntil(async () => (await platform.cli(['status', '--app', 'notes'])).code === 0, {
    timeoutMs: 60_000,
    what: 'the API',
  });
  await waitUntil(
    () =>
      platform.http('notes', '/version').then(
        ({ status }) => status === 200,
        () => false,
      ),
    {
      timeoutMs: 60_000,
      what: 'the app through the edge',
    },
  );
  const { failures } = await load.stop();
  if (role !== 'edge') expect(failures).toEqual([]);
  expect(await platform.instanceProcesses()).toEqual(instances);
  await platform.run(['deploy', app.path]);
});

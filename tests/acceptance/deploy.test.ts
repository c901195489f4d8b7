import { expect, test } from 'vitest';
import type { AppView, ReleaseView } from '../../src/control/platform.ts';
import { showLogsOnFailure } from '../support/platform-logs.ts';
import { sampleApp } from '../support/sample-app.ts';
import { SteadyLoad } from '../support/steady-load.ts';
import { TestPlatform } from '../support/test-platform.ts';

const places = ['/data', '/shared'];

test('redeploys under load fail no request, lose no file, and start on a fresh disk', async () => {
  await using platform = await TestPlatform.start();
  showLogsOnFailure(platform);
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  expect((await platform.http('notes', '/ephemeral/kept', { method: 'PUT', body: 'x' })).status).toBe(201);
  expect((await platform.http('notes', '/ephemeral/kept')).status).toBe(200);

  const load = new SteadyLoad({ platform, host: 'notes', places });
  await load.answered(50);
  for (const version of ['2', '3', '4']) {
    await app.environment({ APP_VERSION: version });
    await platform.run(['deploy', app.path]);
    const answer = await platform.http('notes', '/version');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ APP_VERSION: version });
  }
  await load.answered(50);
  const { failures, uploads, requests } = await load.stop();
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);

  expect((await platform.http('notes', '/ephemeral/kept')).status).toBe(404);
  for (const [path, content] of uploads) {
    expect((await platform.http('notes', path)).body.toString()).toBe(content);
  }
});

test.each([
  // Short for the broken release alone: a good one may take a while to start.
  ['fails its health check', { HEALTH: '500' }, 'gracePeriod: 3', /health|500/i],
  ['crashes at its start', { CRASH: 'on purpose' }, 'gracePeriod: 60', /exit code 7|crashing as told/i],
])('a release that %s is rolled back by itself, and says why', async (_what, broken, grace, reason) => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);

  const load = new SteadyLoad({ platform, host: 'notes', places });
  await load.answered(20);
  await app.edit('holdfast.yaml', 'timeout: 2', `timeout: 2, ${grace}`);
  await app.environment({ APP_VERSION: '2', ...broken });
  const deploy = await platform.cli(['deploy', app.path]);
  expect(deploy.code).not.toBe(0);
  expect(deploy.stdout + deploy.stderr).toMatch(reason);
  await load.answered(20);
  const { failures } = await load.stop();
  expect(failures).toEqual([]);

  const releases = await platform.json<ReleaseView[]>(['releases', '--app', 'notes']);
  const failed = releases.find((release) => release.version === 2);
  expect(failed).toMatchObject({ status: 'rolled-back', current: false });
  expect(failed?.reason).toMatch(reason);
  expect(await platform.run(['releases', '--app', 'notes'])).toMatch(reason);
  const status = await platform.json<AppView>(['status', '--app', 'notes']);
  expect(status.release).toBe(1);
  expect(JSON.parse((await platform.http('notes', '/version')).body.toString())).toMatchObject({ APP_VERSION: '1' });
});

test('a first release that cannot start fails, and a later good one succeeds', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await app.environment({ APP_VERSION: '1', CRASH: 'first' });
  const first = await platform.cli(['deploy', app.path]);
  expect(first.code).not.toBe(0);
  expect(first.stdout + first.stderr).toMatch(/crashing as told: first/);
  await app.environment({ APP_VERSION: '2' });
  await platform.run(['deploy', app.path]);
  expect(JSON.parse((await platform.http('notes', '/version')).body.toString())).toMatchObject({ APP_VERSION: '2' });
});

test('rollback brings a kept release back without its source', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  await app.environment({ APP_VERSION: '2' });
  await platform.run(['deploy', app.path]);
  await platform.run(['rollback', '1', '--app', 'notes']);
  expect(JSON.parse((await platform.http('notes', '/version')).body.toString())).toMatchObject({ APP_VERSION: '1' });
});

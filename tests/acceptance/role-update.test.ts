import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { Checkout } from '../support/checkout.ts';
import { showLogsOnFailure } from '../support/platform-logs.ts';
import { sampleApp } from '../support/sample-app.ts';
import { TestPlatform } from '../support/test-platform.ts';

type Role = 'control' | 'edge' | 'objects';

test.each<{ readonly newer: Role; readonly older: readonly Role[] }>([
  { newer: 'control', older: ['edge', 'objects'] },
  { newer: 'objects', older: ['control', 'edge'] },
  { newer: 'edge', older: ['control', 'objects'] },
])('when $newer comes back with the code of an update, the roles of before follow', async ({ newer, older }) => {
  await using platform = await TestPlatform.create();
  showLogsOnFailure(platform);
  const checkout = await Checkout.copiedTo(join(platform.directory, 'checkout'));
  platform.root = checkout.path;
  await platform.up();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const instances = await platform.instanceProcesses();

  await checkout.update();
  await platform.killRole(newer);
  const isUnderstood = async () => (await platform.cli(['object-store', 'keys', 'list'])).code === 0;
  const follow = async () => {
    await isUnderstood(); // control and objects talk when somebody wants something
    const log = await readFile(join(platform.dataDirectory, 'logs', 'platform.log'), 'utf8');
    const ended = (role: Role) =>
      log.includes(`"role":"${role}","how":"the ${role === 'control' ? newer : 'control'} role runs other code`);
    return older.every(ended) && log.includes('restart the platform with');
  };
  await waitUntil(follow, { timeoutMs: 60_000, what: 'the older roles to end' });
  await waitUntil(isUnderstood, { timeoutMs: 60_000, what: 'the object store to answer control' });
  expect(await platform.instanceProcesses()).toEqual(instances);
  await platform.run(['deploy', app.path]);
  expect((await platform.http('notes', '/version')).status).toBe(200);
});

import { expect, test } from 'vitest';
import type { AppView, KeyView, StorageView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { sampleApp } from '../support/sample-app.ts';
import { TestPlatform } from '../support/test-platform.ts';

const environmentOf = async (platform: TestPlatform) =>
  JSON.parse((await platform.http('notes', '/env')).body.toString()) as Record<string, string>;

test('secrets and the bucket of connectTo reach the service, and nothing else of the platform does', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await app.edit('holdfast.yaml', '  data:\n', '  user-images:\n    type: bucket\n  data:\n');
  await app.edit(
    'holdfast.yaml',
    '      environment:',
    '      connectTo: [user-images]\n      secrets: [SESSION_KEY]\n      environment:',
  );
  const missing = await platform.cli(['deploy', app.path]);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).toMatch(/SESSION_KEY/);
  expect(missing.stderr).toMatch(/holdfast secrets set/);
  await platform.run(['secrets', 'set', 'SESSION_KEY=-', '--app', 'notes'], { input: 's3cret\n' });
  await platform.run(['deploy', app.path]);
  const environment = await environmentOf(platform);
  expect(environment).toMatchObject({
    SESSION_KEY: 's3cret',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${platform.s3Port}`,
    BUCKET_NAME: environment.USER_IMAGES_BUCKET_NAME,
    AWS_ACCESS_KEY_ID: expect.any(String),
    AWS_SECRET_ACCESS_KEY: expect.any(String),
  });
  expect(Object.keys(environment).filter((name) => name.startsWith('HOLDFAST_'))).not.toContain('HOLDFAST_DATA_DIR');
  expect(await platform.run(['secrets', 'list', '--app', 'notes'])).not.toContain('s3cret');
});

test('a rotated key says which instance still has it, until a deploy gives it the new one', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await app.edit('holdfast.yaml', '  data:\n', '  user-images:\n    type: bucket\n  data:\n');
  await app.edit('holdfast.yaml', '      environment:', '      connectTo: [user-images]\n      environment:');
  await platform.run(['deploy', app.path]);
  const { AWS_ACCESS_KEY_ID: old = '' } = await environmentOf(platform);
  const usersOf = async (id: string | undefined) => {
    const keys = await platform.json<readonly KeyView[]>(['object-store', 'keys', 'list']);
    return keys.find((key) => key.id === id)?.usedBy;
  };
  const [instance = ''] = (await usersOf(old)) ?? [];
  expect(instance).toMatch(/^notes-web-/);

  const { stderr } = await platform.cli(['object-store', 'keys', 'rotate', old, '--grace', '2h']);
  expect(stderr).toContain(`notes/web still runs with it: ${instance}.`);
  expect(await usersOf(old)).toEqual([instance]);
  await platform.run(['deploy', app.path]);
  const { AWS_ACCESS_KEY_ID: next } = await environmentOf(platform);
  expect(next).not.toBe(old);
  expect(await usersOf(old)).toEqual([]);
  expect(await usersOf(next)).toHaveLength(1);
});

test('scaling is bounded by the volumes there are, and says so', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const refused = await platform.cli(['scale', 'web=2', '--app', 'notes']);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(/there are 1 for 2 instances/);
  expect(refused.stderr).toMatch(/holdfast volumes create data/);
  await platform.run(['volumes', 'create', 'data', '--size', '1', '--app', 'notes']);
  await platform.run(['scale', 'web=2', '--app', 'notes']);
  const healthy = await waitUntil(
    async () => {
      const { services } = await platform.json<AppView>(['status', '--app', 'notes']);
      const instances = services[0]?.instances.filter((instance) => instance.state === 'healthy') ?? [];
      return instances.length === 2 && instances;
    },
    { timeoutMs: 60_000, what: 'two instances' },
  );
  expect(new Set(healthy.flatMap((instance) => instance.volumes)).size).toBe(2);
});

test('storage that leaves the file stays; destroying it is explicit, soft, and can be taken back', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  await platform.http('notes', '/data/kept', { method: 'PUT', body: 'precious' });
  const inUse = await platform.cli(['volumes', 'destroy', 'data', '--yes', '--app', 'notes']);
  expect(inUse.code).not.toBe(0);
  expect(inUse.stderr).toMatch(/in use|attached|mount/i);

  const whole = [
    '  data:\n    type: volume\n    properties: { size: 1GB }\n',
    '        - { type: volume, properties: { volumeName: data, mountPath: /data } }\n',
  ] as const;
  for (const part of whole) await app.edit('holdfast.yaml', part, '');
  await platform.run(['deploy', app.path]);
  const volumes = () => platform.json<StorageView[]>(['volumes', 'list', '--app', 'notes']);
  // The release serves, and the instance of the one before may still be on its way out with the volume.
  const isLeft = async () => (await volumes())[0]?.attachedTo === null;
  await waitUntil(isLeft, { timeoutMs: 60_000, what: 'the last instance that had the volume to end' });
  expect(await volumes()).toMatchObject([{ name: 'data', state: 'detached' }]);
  expect(await platform.run(['status', '--app', 'notes'])).toMatch(/data.*detached/);

  await platform.run(['volumes', 'destroy', 'data', '--yes', '--app', 'notes']);
  expect(await volumes()).toMatchObject([{ state: 'destroyed', purgeAt: expect.any(Number) }]);
  await platform.run(['volumes', 'recover', 'data', '--app', 'notes']);
  await app.edit('holdfast.yaml', '  shared:\n', `${whole[0]}  shared:\n`);
  await app.edit('holdfast.yaml', '      volumeMounts:\n', `      volumeMounts:\n${whole[1]}`);
  await platform.run(['deploy', app.path]);
  expect((await platform.http('notes', '/data/kept')).body.toString()).toBe('precious');
});

test('an instance that dies is replaced; requests wait for it', async () => {
  await using platform = await TestPlatform.start();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  const [instance] = new Set((await platform.instanceProcesses()).values());
  await platform.killInstances();
  const answer = await platform.http('notes', '/version');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body.toString()).HOLDFAST_INSTANCE).not.toBe(instance);
});

test('a bucket is not destroyed while a fork shows what it holds', async () => {
  await using platform = await TestPlatform.start();
  await platform.run(['object-store', 'create', 'notes', '--app', 'a']);
  await platform.run(['object-store', 'put', 'notes', '-', 'a.txt'], { input: 'kept' });
  await platform.run(['object-store', 'fork', 'notes', 'copy']);
  for (const flags of [['--yes'], ['--now', '--yes']]) {
    const { code, stderr } = await platform.cli(['object-store', 'destroy', 'notes', ...flags]);
    expect([code, stderr]).toEqual([5, expect.stringContaining('copy')]);
  }
  const states = await platform.json<StorageView[]>(['object-store', 'list']);
  expect(states.map(({ name, state }) => [name, state])).toEqual([
    ['notes', 'active'],
    ['copy', 'active'],
  ]);
  expect(await platform.run(['object-store', 'get', 'copy', 'a.txt', '-'])).toBe('kept');
  await platform.run(['object-store', 'destroy', 'copy', '--now', '--yes']);
  await platform.run(['object-store', 'destroy', 'notes', '--now', '--yes']);
  expect(await platform.json(['object-store', 'list'])).toEqual([]);
});

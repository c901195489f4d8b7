import { beforeEach, describe, expect, test } from 'vitest';
import type { Platform } from '../../src/control/platform.ts';
import type { ServiceSpec } from '../../src/spec/app-spec.ts';
import { appSpec, service } from './app-specs.ts';
import { ControlPlane } from './control-plane.ts';
import { Invariants } from './invariants.ts';
import { Random } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';
import { World } from './world.ts';

/** What the platform answers, over a world without faults. */

const DAY_MS = 24 * 3600_000;

let clock: VirtualClock;
let platform: Platform;

beforeEach(async () => {
  clock = new VirtualClock();
  const random = new Random(1);
  const invariants = new Invariants(clock, () => 0);
  const world = new World({ clock, random, invariants, trace: () => {} });
  const plane = await ControlPlane.open({ world, clock, random, planners: {}, trace: () => {} });
  if (!plane.platform) throw new Error('the control plane is down');
  platform = plane.platform;
});

async function deploy(app: string, services: Readonly<Record<string, ServiceSpec>>) {
  const { id } = await platform.deploy({ spec: appSpec(app, services), archivePath: 'memory:' });
  await clock.advance(20_000);
  return platform.deployment(id);
}

async function only(kind: 'bucket' | 'volume' | 'filesystem') {
  const [item, ...others] = await platform.storage({ kind });
  expect(others).toEqual([]);
  if (!item) throw new Error(`no ${kind}`);
  return item;
}

describe('deployments', () => {
  test('go through their stages, each with a reason', async () => {
    const { status, transitions } = await deploy('shop', { web: service() });
    expect(status).toBe('succeeded');
    expect(transitions.map((one) => `${one.status}: ${one.reason}`)).toEqual([
      'building: release 1 is being built',
      'provisioning: built',
      'rolling: storage is ready',
      'succeeded: release 1 is healthy and serving',
    ]);
    const app = await platform.app('shop');
    expect(app).toMatchObject({ release: 1, notices: [] });
    expect(app.services).toMatchObject([
      { name: 'web', url: 'http://shop.localhost:7380', desired: 1, notice: '', instances: [{ state: 'healthy' }] },
    ]);
  });

  test('one at a time', async () => {
    const spec = appSpec('shop', { web: service() });
    await platform.deploy({ spec, archivePath: 'memory:' });
    await expect(platform.deploy({ spec, archivePath: 'memory:' })).rejects.toMatchObject({
      code: 'deployment.in-progress',
      kind: 'conflict',
    });
  });

  test('not while a webhook is missing, of the file or of the release to go back to', async () => {
    const events = [{ webhook: 'thumbs', types: ['created'] }] as const;
    const buckets = { images: { accessibility: 'private', versioning: false, events } } as const;
    const spec = { ...appSpec('shop', { web: service() }), buckets };
    const put = (name: string) => platform.webhooks.putWebhook({ name, url: 'https://hooks.example.com/' });
    const missing = { code: 'webhook.missing', kind: 'invalid' };
    await put('thumb');
    const refused = expect(platform.deploy({ spec, archivePath: 'memory:' })).rejects;
    await refused.toMatchObject({
      ...missing,
      message: 'resources.images.properties.events[0].webhook: there is no webhook "thumbs"',
      hint: 'did you mean "thumb"? `holdfast object-store webhooks add thumbs <url>` makes it',
    });
    await put('thumbs');
    const { id } = await platform.deploy({ spec, archivePath: 'memory:' });
    await clock.advance(20_000);
    expect(await platform.deployment(id)).toMatchObject({ status: 'succeeded' });

    await deploy('shop', { web: service() });
    await platform.webhooks.removeWebhook({ name: 'thumbs' });
    await expect(platform.rollback({ app: 'shop', release: 1 })).rejects.toMatchObject(missing);
    await put('thumbs');
    await platform.rollback({ app: 'shop', release: 1 });
  });

  test('a release that crashes is rolled back, with its exit code and its last words', async () => {
    await deploy('shop', { web: service() });
    const { status, reason } = await deploy('shop', { web: service({ behaviour: 'crashes' }) });
    expect(status).toBe('rolled-back');
    expect(reason).toBe('web exited with code 1; its last output:\n  starting\n  no such table');
    expect(await platform.releases('shop')).toMatchObject([
      { version: 2, status: 'rolled-back', reason, current: false },
      { version: 1, status: 'succeeded', current: true },
    ]);
  });

  test('a first release that never gets healthy fails, and leaves nothing running', async () => {
    const { status, reason } = await deploy('shop', { web: service({ behaviour: 'never-healthy' }) });
    expect(status).toBe('failed');
    expect(reason).toBe('web was not healthy within 4s: GET /healthz answered 500');
    expect(await platform.app('shop')).toMatchObject({ release: null, services: [] });
  });

  test('an old release is deployed again without its source; one that is not kept is not', async () => {
    for (let version = 1; version <= 8; version++) await deploy('shop', { web: service({ readyMs: version }) });
    await platform.rollback({ app: 'shop', release: 5 });
    await clock.advance(10_000);
    expect((await platform.app('shop')).release).toBe(5);
    expect((await platform.releases('shop')).map(({ status }) => status)).toContain('superseded');
    await expect(platform.rollback({ app: 'shop', release: 1 })).rejects.toMatchObject({
      code: 'release.pruned',
      hint: expect.stringContaining('8, 7, 6, 5, 4'),
    });
    await expect(platform.rollback({ app: 'shop', release: 9 })).rejects.toMatchObject({ code: 'release.not-found' });
  });

  test('a missing secret, a taken host name and an unknown app are said at once', async () => {
    const needy = { ...service(), secrets: ['SESSION_KEY'] };
    await expect(deploy('shop', { web: needy })).rejects.toMatchObject({ code: 'secret.missing' });
    await platform.setSecrets({ app: 'shop', values: { SESSION_KEY: 'x' } });
    expect((await deploy('shop', { web: needy })).status).toBe('succeeded');
    await expect(deploy('Shop', { web: service() })).rejects.toMatchObject({ code: 'app.host-taken' });
    await expect(platform.app('shpo')).rejects.toMatchObject({
      code: 'app.not-found',
      hint: expect.stringContaining('did you mean "shop"?'),
    });
  });
});

describe('storage', () => {
  test('outlives the app: a new one of the same name finds it', async () => {
    await deploy('shop', { db: service({ volume: 'data' }) });
    const { id } = await only('volume');
    const gone = platform.destroyApp('shop');
    await clock.advance(5000);
    await gone;
    expect(await platform.apps()).toEqual([]);
    expect(await only('volume')).toMatchObject({ id, state: 'detached', attachedTo: null });
    await deploy('shop', { db: service({ volume: 'data' }) });
    expect(await only('volume')).toMatchObject({ id, state: 'active', attachedTo: 'shop-db-v1-0-2' });
  });

  test('is detached and said when the file does not name it any more, never deleted', async () => {
    await deploy('shop', { web: service({ volume: 'data' }) });
    await deploy('shop', { web: service() });
    expect(await only('volume')).toMatchObject({ state: 'detached' });
    const { notices } = await platform.app('shop');
    expect(notices).toContain('the volume "data" is no longer in the app file; its data is kept');
    await clock.advance(70_000);
    clock.leap(30 * DAY_MS);
    await clock.advance(70_000);
    expect(await only('volume')).toMatchObject({ state: 'detached' });
  });

  test('made with the CLI for no app, it is the one that a file gets', async () => {
    const made = await platform.createVolume({ name: 'data', region: 'ewr', sizeBytes: 2e9 });
    await deploy('shop', { web: service({ volume: 'data' }) });
    expect(await only('volume')).toMatchObject({ id: made.id, app: 'shop', region: 'ewr', sizeBytes: 2e9 });
  });

  test('in use it cannot be destroyed; destroyed it can be recovered for a day', async () => {
    await deploy('shop', { web: service({ volume: 'data' }) });
    const destroy = (now: boolean) => platform.destroyStorage({ kind: 'volume', id: 'data', now });
    await expect(destroy(false)).rejects.toMatchObject({ code: 'storage.in-use' });
    await deploy('shop', { web: service() });
    expect(await destroy(false)).toMatchObject({ state: 'destroyed', purgeAt: clock.now() + DAY_MS });
    const again = await deploy('shop', { web: service({ volume: 'data' }) });
    expect(again).toMatchObject({ status: 'failed', reason: expect.stringContaining('can still be recovered') });
    clock.leap(DAY_MS - 90_000);
    await clock.advance(61_000);
    expect(await platform.recoverStorage({ kind: 'volume', id: 'data' })).toMatchObject({ state: 'detached' });
    await destroy(false);
    clock.leap(DAY_MS);
    await clock.advance(61_000);
    expect(await platform.storage({})).toEqual([]);
  });

  test('with --now it is gone at once', async () => {
    await platform.createVolume({ name: 'data', sizeBytes: 1e9 });
    expect(await platform.destroyStorage({ kind: 'volume', id: 'data', now: true })).toBeNull();
    expect(await platform.storage({})).toEqual([]);
  });

  test('a name that several have is refused with their ids, an unknown one with the nearest', async () => {
    const [one, two] = [
      await platform.createVolume({ name: 'data', sizeBytes: 1e9 }),
      await platform.createVolume({ name: 'data', sizeBytes: 1e9 }),
    ];
    const destroy = (id: string) => platform.destroyStorage({ kind: 'volume', id, now: false });
    await expect(destroy('data')).rejects.toMatchObject({
      code: 'volume.ambiguous',
      hint: `say which one by its id: ${one.id}, ${two.id}`,
    });
    await expect(destroy('dat')).rejects.toMatchObject({
      code: 'volume.not-found',
      hint: expect.stringContaining('did you mean "data"?'),
    });
    expect(await destroy(one.id)).toMatchObject({ id: one.id, state: 'destroyed' });
  });

  test('an unknown region is refused with the nearest one', async () => {
    await expect(platform.createVolume({ name: 'data', region: 'ewf', sizeBytes: 1e9 })).rejects.toMatchObject({
      code: 'region.unknown',
    });
  });

  test('a service with a volume has no more instances than volumes', async () => {
    await deploy('shop', { db: service({ volume: 'data' }) });
    await expect(platform.scale({ app: 'shop', service: 'db', count: 2 })).rejects.toMatchObject({
      code: 'scale.volumes',
      message: 'db mounts the volume "data", one an instance: there are 1 for 2 instances',
    });
    await platform.createVolume({ name: 'data', app: 'shop', sizeBytes: 1e9 });
    await platform.scale({ app: 'shop', service: 'db', count: 2 });
    await clock.advance(5000);
    const [db] = (await platform.app('shop')).services;
    expect(db?.instances.map(({ state, volumes }) => [state, volumes.length])).toEqual([
      ['healthy', 1],
      ['healthy', 1],
    ]);
  });
});

describe('buckets', () => {
  test('keep their own name where it is free, else get the name of the app before it', async () => {
    await deploy('shop', { web: service({ buckets: ['images'] }) });
    await deploy('blog', { web: service({ buckets: ['images'] }) });
    const [shop, blog] = await platform.storage({ kind: 'bucket' });
    expect(await platform.bucketCredentials(shop?.id ?? '')).toMatchObject({ bucket: 'images' });
    expect(await platform.bucketCredentials(blog?.id ?? '')).toMatchObject({ bucket: 'blog-images' });
    expect(await platform.bucketCredentials('blog-images')).toMatchObject({ bucket: 'blog-images' });
    const both = await platform.bucketCredentials('blog-images', { from: shop?.id ?? '' });
    expect(both).toMatchObject({ bucket: 'blog-images', from: 'images' });
    expect(both.accessKeyId).not.toBe((await platform.bucketCredentials('blog-images')).accessKeyId);
  });

  test('are forked, by the name that the object store has for them', async () => {
    await deploy('shop', { web: service({ buckets: ['images'] }) });
    await deploy('blog', { web: service({ buckets: ['images'] }) });
    const [, blog] = await platform.storage({ kind: 'bucket' });
    const from = { bucket: blog?.id ?? '', snapshot: 'monday' };
    expect(await platform.createBucket({ name: 'copy-of-images', from })).toMatchObject({ name: 'copy-of-images' });
    expect(await platform.bucketCredentials('copy-of-images')).toMatchObject({ bucket: 'copy-of-images' });
    await expect(platform.createBucket({ name: 'other', from: { bucket: 'none' } })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  test('made with the CLI have exactly the name asked for, or none', async () => {
    await platform.createBucket({ name: 'my-app-images', app: 'my-app' });
    expect(await platform.bucketCredentials('my-app-images')).toMatchObject({ bucket: 'my-app-images' });
    await expect(platform.createBucket({ name: 'my-app-images', app: 'other' })).rejects.toMatchObject({
      code: 'bucket.exists',
    });
    await expect(platform.createBucket({ name: 'My_Images' })).rejects.toMatchObject({ code: 'bucket.name' });
  });
});

test('logs of all instances, by line', async () => {
  await deploy('shop', { web: service({ behaviour: 'crashes' }) });
  const lines: string[] = [];
  for await (const { service: name, line } of platform.logs({ app: 'shop' })) lines.push(`${name} ${line}`);
  expect(lines).toEqual(Array.from({ length: 3 }, () => ['web starting', 'web no such table']).flat());
  const unknown = platform.logs({ app: 'shop', service: 'wbe' })[Symbol.asyncIterator]().next();
  await expect(unknown).rejects.toMatchObject({ code: 'service.not-found' });
});

import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeBuckets } from '../../../tests/support/fake-buckets.ts';
import { TestClock } from '../../../tests/support/test-clock.ts';
import { planPurge } from '../plan/purge.ts';
import type { Platform } from '../platform.ts';
import { releaseDomains } from '../reconcile/bucket-settings.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { StorageKeeper } from '../reconcile/storage-keeper.ts';
import { StorageTurns } from '../reconcile/storage-turns.ts';
import { openState, type State } from '../state/state.ts';
import type { StorageRecord } from '../state/storage-store.ts';
import { createStorageOperations } from './storage.ts';
import type { StorageViews } from './storage-view.ts';

const DAY_MS = 24 * 3600_000;

let state: State;
let clock: TestClock;
let buckets: FakeBuckets;
let context: ControlContext;
let storage: Pick<Platform, 'createBucket' | 'createVolume' | 'updateBucket' | 'destroyStorage' | 'recoverStorage'>;

beforeEach(async () => {
  state = await openState(':memory:');
  clock = new TestClock();
  buckets = new FakeBuckets();
  let ids = 0;
  const none = { list: async () => [] };
  context = {
    state,
    drivers: { objects: buckets, volumes: none, filesystems: none },
    config: { region: 'local' },
    clock,
    ids: (prefix: string) => `${prefix}_${++ids}`,
    storageTurns: new StorageTurns(state),
    log: { info: () => {}, warn: () => {} },
  } as unknown as ControlContext;
  storage = operations();
});

afterEach(() => state.close());

function operations() {
  const views = { view: async (record: unknown) => record } as unknown as StorageViews;
  return createStorageOperations(context, { wake: () => {} } as unknown as Reconciler, views);
}

const destroy = (id: string, now = false) => storage.destroyStorage({ kind: 'bucket', id, now });
const recover = (id: string) => storage.recoverStorage({ kind: 'bucket', id });
const stateOf = async (name: string) => (await state.storage.list()).find((record) => record.name === name)?.state;

/** What nothing holds back has come far by then. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await setImmediate();
}

async function keepOnce(): Promise<void> {
  const keeper = new StorageKeeper(context, planPurge);
  keeper.start();
  await someTurns();
  await keeper.stop();
}

test('a bucket that is destroyed while it is updated is hidden in the end', async () => {
  await storage.createBucket({ name: 'images' });
  const update = () => storage.updateBucket({ id: 'images', domains: ['a.example'], quota: 1000 });
  const { begun, open } = await buckets.hold(({ quota }) => quota !== undefined, update);
  const destroyed = destroy('images');
  await someTurns();
  open();
  await Promise.all([begun, destroyed]);
  expect(buckets.told.get('images')).toMatchObject({ closed: true, domains: [] });
});

test('a bucket that is destroyed while it is recovered is hidden in the end', async () => {
  await storage.createBucket({ name: 'images', domains: ['a.example'] });
  await destroy('images');
  const { begun, open } = await buckets.hold(
    ({ closed }) => closed === false,
    () => recover('images'),
  );
  const destroyed = destroy('images');
  await someTurns();
  open();
  await Promise.all([begun, destroyed]);
  expect(await stateOf('images')).toBe('destroyed');
  expect(buckets.told.get('images')).toMatchObject({ closed: true, domains: [] });
});

test('a bucket that is recovered while it is destroyed is shown in the end', async () => {
  await storage.createBucket({ name: 'images', domains: ['a.example'] });
  const { begun, open } = await buckets.hold(
    ({ closed }) => closed === true,
    () => destroy('images'),
  );
  const recovered = recover('images');
  await someTurns();
  open();
  await Promise.all([begun, recovered]);
  expect(await stateOf('images')).toBe('active');
  expect(buckets.told.get('images')).toMatchObject({ closed: false, domains: ['a.example'] });
});

test('a bucket whose grace ends while it is recovered is not purged', async () => {
  await storage.createBucket({ name: 'images' });
  await destroy('images');
  const { begun, open } = await buckets.hold(
    ({ closed }) => closed === false,
    () => recover('images'),
  );
  clock.advance(DAY_MS);
  const kept = keepOnce();
  await someTurns();
  open();
  await Promise.all([begun, kept]);
  expect(await stateOf('images')).toBe('active');
  expect([...buckets.told.keys()]).toEqual(['images']);
});

test('what was purged before its record was cut off is not made anew, empty, by its recovery', async () => {
  await storage.createBucket({ name: 'images' });
  await destroy('images');
  await buckets.destroyBucket({ name: 'images' });
  await expect(recover('images')).rejects.toMatchObject({ code: 'bucket.not-found' });
  expect([...buckets.told.keys()]).toEqual([]);
});

test('a fork that was only begun, destroyed and recovered, is made as a fork in the end', async () => {
  await storage.createBucket({ name: 'images' });
  await buckets.hold(
    ({ from }) => from !== undefined,
    () => storage.createBucket({ name: 'copy', from: { bucket: 'images' } }),
  );
  context = { ...context, storageTurns: new StorageTurns(state) }; // as after a crash
  storage = operations();
  await expect(destroy('images')).rejects.toMatchObject({ code: 'bucket.has-forks' });
  clock.advance(1);
  await destroy('copy');
  await keepOnce();
  expect([...buckets.told.keys()]).toEqual(['images']);
  await recover('copy');
  await keepOnce();
  expect(buckets.told.get('copy')).toMatchObject({ from: { bucket: 'images' } });
});

test('a bucket of which a fork is being made is not destroyed', async () => {
  await storage.createBucket({ name: 'images' });
  const fork = () => storage.createBucket({ name: 'copy', from: { bucket: 'images' } });
  const { begun, open } = await buckets.hold(({ from }) => from !== undefined, fork);
  const refused = expect(destroy('images')).rejects.toMatchObject({ code: 'bucket.has-forks' });
  await someTurns();
  open();
  await Promise.all([begun, refused]);
  expect(buckets.told.get('images')?.closed).toBeUndefined();
});

test('what cannot be purged holds up nothing else', async () => {
  for (const name of ['locked', 'images']) {
    await storage.createBucket({ name });
    await destroy(name);
  }
  buckets.locked.add('locked');
  clock.advance(DAY_MS);
  await keepOnce();
  expect([...buckets.told.keys()]).toEqual(['locked']);
});

test('a destroyed bucket that loses one domain for good is not given its others', async () => {
  await storage.createBucket({ name: 'images', app: 'shop', domains: ['a.example', 'b.example'] });
  await destroy('images');
  const settings = { accessibility: 'public', versioning: false, domains: ['a.example'] } as const;
  await releaseDomains(context, { id: 'bkt_other', app: 'shop' }, settings);
  expect(buckets.told.get('images')).toMatchObject({ closed: true, domains: [] });
  await recover('images');
  expect(buckets.told.get('images')).toMatchObject({ closed: false, domains: ['b.example', expect.anything()] });
});

test('a bucket that is made with object lock has versions', async () => {
  await storage.createBucket({ name: 'images', objectLock: true });
  expect(buckets.told.get('images')).toMatchObject({ versioning: true, objectLock: true });
});

test('a bucket takes the settings of commands once no app file has it', async () => {
  const { id } = await storage.createBucket({ name: 'images', app: 'shop', accessibility: 'public' });
  await state.storage.update(id, { origin: 'file' });
  const close = () => storage.updateBucket({ id: 'images', accessibility: 'private' });
  await expect(close()).rejects.toThrow('the settings of the bucket "images" are in the app file of shop');
  await state.storage.update(id, { state: 'detached' });
  await close();
  expect(buckets.told.get('images')).toMatchObject({ accessibility: 'private' });
});

test('a bucket that an S3 client has made gets a record with its first change, and one alone', async () => {
  buckets.told.set('mine', { name: 'mine' });
  await Promise.all([100, 200].map((quota) => storage.updateBucket({ id: 'mine', quota })));
  expect((await state.storage.list()).map(({ name, realName, ready }) => [name, realName, ready])).toEqual([
    ['mine', 'mine', true],
  ]);
  expect(buckets.told.get('mine')).toMatchObject({ quota: 200 });
  await destroy('mine');
  expect(buckets.told.get('mine')).toMatchObject({ closed: true });
  await recover('mine');
  expect(buckets.told.get('mine')).toMatchObject({ closed: false, quota: 200 });
  await expect(destroy('other')).rejects.toThrow('there is no bucket "other"');
});

test('a change that waits for its bucket holds up nothing else', async () => {
  await storage.createBucket({ name: 'images' });
  const update = () => storage.updateBucket({ id: 'images', quota: 1000 });
  const { begun, open } = await buckets.hold(({ quota }) => quota !== undefined, update);
  await storage.createBucket({ name: 'other' });
  buckets.told.set('mine', { name: 'mine' });
  await destroy('mine');
  open();
  await begun;
});

test('a bucket waits for no volume that is being made', async () => {
  const made = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const create = () => {
    begun.resolve();
    return made.promise;
  };
  Object.assign(context.drivers.volumes, { create });
  const volume = storage.createVolume({ name: 'data', sizeBytes: 1 });
  await begun.promise;
  await storage.createBucket({ name: 'images' });
  made.resolve();
  await volume;
});

test('a bucket that an S3 client has removed is forgotten when it is destroyed, and one made after it stays', async () => {
  await storage.createBucket({ name: 'images' });
  await buckets.destroyBucket({ name: 'images' });
  expect(await destroy('images')).toBeNull();
  buckets.told.set('images', { name: 'images' });
  clock.advance(DAY_MS);
  await keepOnce();
  expect([...buckets.told.keys()]).toEqual(['images']);
});

test('a bucket whose destruction was cut off before it was hidden is hidden at the next start', async () => {
  const { id } = await storage.createBucket({ name: 'images', domains: ['a.example'] });
  await state.storage.update(id, { state: 'destroyed', purgeAt: clock.now() + DAY_MS });
  await keepOnce();
  expect(buckets.told.get('images')).toMatchObject({ closed: true, domains: [] });
});

test('each try of a purge has its end in the journal', async () => {
  await storage.createBucket({ name: 'locked', app: 'shop' });
  await destroy('locked');
  buckets.locked.add('locked');
  clock.advance(DAY_MS);
  await keepOnce();
  expect(await state.journal.closeInterrupted(clock.now())).toEqual([]);
  expect(await state.journal.list('')).toMatchObject([{ name: 'purge-storage', error: 'locked has locked versions' }]);
});

test('an app that takes a domain waits for those buckets alone that have it', async () => {
  await storage.createBucket({ name: 'images', app: 'shop' });
  const { begun, open } = await buckets.hold(
    ({ closed }) => closed === true,
    () => destroy('images'),
  );
  const settings = { accessibility: 'public', versioning: false, domains: ['a.example'] } as const;
  await releaseDomains(context, { id: 'bkt_other', app: 'shop' }, settings);
  open();
  await begun;
});

test('a bucket that an S3 client has made is meant by its name, and not the one that an app calls so', async () => {
  await storage.createBucket({ name: 'images', app: 'shop' });
  const [record] = await state.storage.list();
  await state.storage.remove(record?.id ?? '');
  await state.storage.insert({ ...(record as StorageRecord), realName: 'shop-images' });
  buckets.told.set('shop-images', { name: 'shop-images' });
  await destroy('images', true);
  expect([...buckets.told.keys()]).toEqual(['shop-images']);
  expect(await destroy('images')).toMatchObject({ realName: 'shop-images' });
});

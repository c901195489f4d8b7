import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { TestClock } from '../../../tests/support/test-clock.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import { openState } from '../state/state.ts';
import { createStorageOperations } from './storage.ts';
import type { StorageViews } from './storage-view.ts';

test('a bucket that is destroyed while it is updated is hidden in the end', async () => {
  const state = await openState(':memory:');
  const told: unknown[] = [];
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const objects = {
    listBuckets: async () => [],
    ensureBucket: async (input: { readonly quota?: number }) => {
      if (input.quota !== undefined) reached.resolve();
      if (input.quota !== undefined) await opened.promise;
      told.push(input);
    },
  };
  const config = { region: 'local' };
  const context = { state, drivers: { objects }, config, clock: new TestClock(), ids: () => 'bkt_1' } as unknown;
  const views = { view: async () => undefined } as unknown as StorageViews;
  const storage = createStorageOperations(context as ControlContext, {} as Reconciler, views);
  await storage.createBucket({ name: 'images' });
  const updated = storage.updateBucket({ id: 'images', accessibility: 'public', quota: 1000 });
  await reached.promise;
  const destroyed = storage.destroyStorage({ kind: 'bucket', id: 'images', now: false });
  for (let turn = 0; turn < 100; turn++) await setImmediate(); // it hides the bucket in some, where nothing holds it back
  opened.resolve();
  await Promise.all([updated, destroyed]);
  expect(told.at(-1)).toEqual({ name: 'images', closed: true, domains: [] });
  await state.close();
});

test('a bucket takes the settings of commands once no app file has it', async () => {
  const state = await openState(':memory:');
  const ensureBucket = vi.fn(async () => ({}));
  const context = {
    state,
    drivers: { objects: { listBuckets: async () => [], ensureBucket } },
    clock: new TestClock(),
  };
  const ids = () => 'bkt_1';
  const views = { view: async () => undefined } as unknown as StorageViews;
  const whole = { ...context, config: { region: 'local' }, ids } as unknown as ControlContext;
  const storage = createStorageOperations(whole, { wake() {} } as unknown as Reconciler, views);
  await storage.createBucket({ name: 'images', app: 'shop' });
  await state.storage.update('bkt_1', { origin: 'file' });
  const close = () => storage.updateBucket({ id: 'images', accessibility: 'private' });
  await expect(close()).rejects.toThrow('the settings of the bucket "images" are in the app file of shop');
  await state.storage.update('bkt_1', { state: 'detached' });
  await close();
  expect(ensureBucket).toHaveBeenLastCalledWith(expect.objectContaining({ name: 'images', accessibility: 'private' }));
  await state.close();
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Keyring } from '../../core/keyring.ts';
import type { AppSpec } from '../../spec/app-spec.ts';
import { SecretVault } from '../secret-vault.ts';
import { openState, type State } from './state.ts';

const spec: AppSpec = { app: 'photos', buckets: {}, volumes: {}, filesystems: {}, services: {} };

async function withRelease(state: State): Promise<void> {
  await state.apps.ensure('photos', 1);
  await state.releases.insert({ app: 'photos', version: 1, spec, secrets: {}, createdAt: 1 });
}

const deployment = (id: string) => ({
  id,
  app: 'photos',
  release: 1,
  previousRelease: null,
  kind: 'deploy' as const,
  status: 'building' as const,
  reason: '',
  createdAt: 1,
});

test('what was committed is there after opening anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-state-'));
  try {
    const path = join(directory, 'state.db');
    const first = await openState(path);
    await withRelease(first);
    await first.close();
    const second = await openState(path);
    expect((await second.releases.get('photos', 1))?.spec).toEqual(spec);
    await second.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('only one deployment of an app is open; an ended one stays as it ended', async () => {
  const state = await openState(':memory:');
  await withRelease(state);
  await state.deployments.create(deployment('dep_1'));
  await expect(state.deployments.create(deployment('dep_2'))).rejects.toThrow(/unique/i);
  const end = (status: 'succeeded' | 'failed') =>
    state.transaction(({ deployments }) => deployments.transition({ id: 'dep_1', at: 2, status, reason: 'done' }));
  expect(await end('succeeded')).toBe(true);
  expect(await end('failed')).toBe(false);
  await state.deployments.create(deployment('dep_2'));
  const record = await state.deployments.get('dep_1');
  expect(record && (await state.deployments.view(record)).transitions.map(({ status }) => status)).toEqual([
    'building',
    'succeeded',
  ]);
});

test('a transaction that throws leaves nothing', async () => {
  const state = await openState(':memory:');
  const broken = state.transaction(async ({ apps }) => {
    await apps.ensure('photos', 1);
    throw new Error('no');
  });
  await expect(broken).rejects.toThrow('no');
  expect(await state.apps.list()).toEqual([]);
});

test('numbers of instances go on when the app is destroyed and made again', async () => {
  const state = await openState(':memory:');
  for (let life = 1; life <= 2; life++) {
    await withRelease(state);
    const number = (await state.instances.nextNumbers(['photos-web'])).get('photos-web') ?? 1;
    expect(number).toBe(life);
    const id = `photos-web-v1-0-${number}`;
    const instance = { id, app: 'photos', service: 'web', release: 1, slot: 0, createdAt: 1 };
    await state.transaction(({ instances }) => instances.create(instance, number));
    await state.apps.remove('photos');
  }
});

test('tokens are kept as hashes; a new root token voids the one before', async () => {
  const state = await openState(':memory:');
  const first = await state.tokens.ensureRootToken(undefined, 1);
  expect(first).toMatch(/^hf_[0-9a-f]{16}_[\w-]{43}$/);
  expect(await state.tokens.ensureRootToken(first, 2)).toBe(first);
  expect(await state.tokens.verify(first)).toEqual({ name: 'root' });
  const last = first.at(-1) === 'A' ? 'B' : 'A';
  for (const wrong of ['', 'root', first.slice(0, -1), first.slice(0, -1) + last, `${first}x`]) {
    expect(await state.tokens.verify(wrong)).toBeUndefined();
  }
  const second = await state.tokens.ensureRootToken('hf_0000000000000000_unknown', 3);
  expect(await state.tokens.verify(first)).toBeUndefined();
  expect(await state.tokens.verify(second)).toEqual({ name: 'root' });
});

test('secrets are sealed and versioned; a release gets the versions that it pins', async () => {
  const state = await openState(':memory:');
  const vault = new SecretVault(state, new Keyring(Buffer.alloc(32, 7)));
  await vault.set('photos', { KEY: 'first', OTHER: 'x' }, 1);
  await vault.set('photos', { KEY: 'second' }, 2);
  expect(await vault.list('photos')).toEqual([
    { name: 'KEY', version: 2, updatedAt: 2 },
    { name: 'OTHER', version: 1, updatedAt: 1 },
  ]);
  expect(await vault.reveal('photos', { KEY: 1 })).toEqual({ KEY: 'first' });
  expect(await vault.reveal('photos', { KEY: 2, OTHER: 1 })).toEqual({ KEY: 'second', OTHER: 'x' });
  expect(JSON.stringify(await state.secrets.versions('photos'))).not.toContain('second');
  await vault.set('photos', { KEY: null }, 3);
  expect((await vault.list('photos')).map(({ name }) => name)).toEqual(['OTHER']);
  expect(await vault.reveal('photos', { KEY: 2 })).toEqual({ KEY: 'second' });
  await expect(
    new SecretVault(state, new Keyring(Buffer.alloc(32, 8))).reveal('photos', { KEY: 2 }),
  ).rejects.toMatchObject({
    code: 'envelope.broken',
  });
});

test('secrets go from one master key to the next, versions that nobody pins too', async () => {
  const state = await openState(':memory:');
  const [first, second] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
  const ring = new Keyring(first);
  const vault = new SecretVault(state, ring);
  await vault.set('photos', { KEY: 'first', OTHER: 'x' }, 1);
  await vault.set('photos', { KEY: 'second', OTHER: null }, 2);
  await vault.set('notes', { KEY: 'third' }, 3);
  ring.use(second, first);
  expect(await vault.reseal()).toBe(4);
  const after = new SecretVault(state, new Keyring(second));
  await after.check();
  await state.secrets.reseal({ app: 'notes', name: 'KEY', version: 1 }, 'ZGFtYWdlZA==');
  expect(await after.reseal()).toBe(3);
  await expect(after.reveal('notes', { KEY: 1 })).rejects.toMatchObject({ code: 'envelope.broken' });
  await after.set('notes', { KEY: 'third' }, 4);
  expect(await after.reveal('photos', { KEY: 1, OTHER: 1 })).toEqual({ KEY: 'first', OTHER: 'x' });
  expect(await after.reveal('notes', { KEY: 2 })).toEqual({ KEY: 'third' });
  await expect(new SecretVault(state, new Keyring(first)).check()).rejects.toMatchObject({ code: 'envelope.broken' });
});

test('steps that a crash cut off are found and closed once', async () => {
  const state = await openState(':memory:');
  const step = { app: 'photos', name: 'start-instance', action: '{}', startedAt: 1 };
  await state.journal.end(await state.journal.begin(step), 2, null);
  await state.journal.begin(step);
  expect(await state.journal.closeInterrupted(3)).toHaveLength(1);
  expect(await state.journal.closeInterrupted(4)).toHaveLength(0);
  expect((await state.journal.list('photos')).map(({ error }) => error)).toEqual(['interrupted', null]);
});

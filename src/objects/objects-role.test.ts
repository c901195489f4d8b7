import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { roleClient, TEST_CODE } from '../../tests/support/role-client.ts';
import { Keyring } from '../core/keyring.ts';
import { createLogger } from '../core/log.ts';
import { waitUntil } from '../core/retry.ts';
import { WebhookStore } from './events/webhook-store.ts';
import { MemoryObjectStore } from './memory-store/memory-object-store.ts';
import type { ObjectAdmin } from './object-admin.ts';
import { type ObjectsRole, type ObjectsRoleOptions, startObjectsRole } from './objects-role.ts';

const keyring = new Keyring(randomBytes(32));
let directory: string;
let role: ObjectsRole | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-objects-'));
});
afterEach(async () => {
  await role?.close();
  role = undefined;
  await rm(directory, { recursive: true, force: true });
});

interface Start extends Partial<Pick<ObjectsRoleOptions, 'port' | 'keyring' | 'refreshKeyring'>> {
  readonly store?: MemoryObjectStore;
}

async function start({ store = new MemoryObjectStore(), ...options }: Start = {}): Promise<ObjectAdmin> {
  const adminSocket = join(directory, 'objects.sock');
  role = await startObjectsRole({
    code: TEST_CODE,
    directory: join(directory, 'objects'),
    keyring,
    port: 0,
    host: '127.0.0.1',
    adminSocket,
    region: 'local',
    log: createLogger('objects', 'silent'),
    openStore: async () => store,
    ...options,
  });
  return roleClient<ObjectAdmin>(adminSocket);
}

test('ensureBucket makes a bucket once and brings its settings in line', async () => {
  const admin = await start();
  const made = await admin.ensureBucket({ name: 'images', accessibility: 'private' });
  expect(made).toMatchObject({
    name: 'images',
    objects: 0,
    bytes: 0,
    versioning: 'disabled',
    accessibility: 'private',
  });
  expect(await admin.ensureBucket({ name: 'images' })).toEqual(made);
  const open = await admin.ensureBucket({ name: 'images', accessibility: 'public', versioning: true });
  expect(open).toMatchObject({ accessibility: 'public', versioning: 'enabled', createdAt: made.createdAt });
  expect(await admin.listBuckets({})).toEqual([open]);
  await Promise.all(Array.from({ length: 5 }, () => admin.ensureBucket({ name: 'racing' })));
  await expect(admin.ensureBucket({ name: 'No' })).rejects.toThrow(expect.objectContaining({ code: 'bucket.name' }));
});

test('ensureBucket turns object lock on, with versioning, and leaves what it gives new objects', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  expect(await admin.ensureBucket({ name: 'safe', versioning: true, objectLock: true })).toMatchObject({
    versioning: 'enabled',
  });
  const objectLock = { defaultRetention: { mode: 'GOVERNANCE', period: 1, unit: 'days' } } as const;
  await store.updateBucket('safe', { objectLock });
  await admin.ensureBucket({ name: 'safe', objectLock: true });
  expect(store.bucket('safe')).toMatchObject({ objectLock });
  await admin.ensureBucket({ name: 'versioned', versioning: true });
  await admin.ensureBucket({ name: 'versioned', objectLock: true });
  expect(store.bucket('versioned')).toMatchObject({ objectLock: {} });
});

test('a bucket is not opened where another is about to get its domain', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  await admin.ensureBucket({ name: 'hidden', closed: true });
  const hidden = store.bucket('hidden');
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const createBucket = store.createBucket.bind(store);
  store.createBucket = async (...args) => {
    reached.resolve();
    await opened.promise;
    return createBucket(...args);
  };
  const domains = ['shop.example'];
  const other = admin.ensureBucket({ name: 'shop', domains });
  await reached.promise;
  const shown = { name: 'hidden', accessibility: 'public', closed: false, domains } as const;
  await expect(admin.ensureBucket(shown)).rejects.toMatchObject({
    code: 'bucket.domain-taken',
    message: expect.stringContaining('bucket shop'),
  });
  expect(store.bucket('hidden')).toBe(hidden);
  opened.resolve();
  expect(await other).toMatchObject({ domains });
  await admin.ensureBucket({ name: 'shop', domains: [] });
  expect(await admin.ensureBucket(shown)).toMatchObject({ accessibility: 'public', domains });
});

test('a domain is free again where the bucket that claimed it could not be made', async () => {
  const admin = await start();
  const domains = ['shop.example'];
  await expect(admin.ensureBucket({ name: 'No', domains })).rejects.toMatchObject({ code: 'bucket.name' });
  expect(await admin.ensureBucket({ name: 'shop', domains })).toMatchObject({ domains });
});

test('ensureBucket sets a quota, leaves it alone and lifts it', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  const quotaOf = async (input: { quota?: number | null }) => {
    await admin.ensureBucket({ name: 'images', ...input });
    return store.bucket('images')?.quota;
  };
  expect(await quotaOf({ quota: 1000 })).toEqual({ bytes: 1000 });
  expect(await quotaOf({})).toEqual({ bytes: 1000 });
  expect(await quotaOf({ quota: 500 })).toEqual({ bytes: 500 });
  expect(await admin.listBuckets({})).toMatchObject([{ name: 'images', quota: 500 }]);
  expect(await quotaOf({ quota: null })).toBeUndefined();
});

test('ensureBucket sets rules of an app file, leaves those of a client alone, and takes them away', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  const documentsOf = async (input: Omit<Parameters<ObjectAdmin['ensureBucket']>[0], 'name'>) => {
    await admin.ensureBucket({ name: 'images', ...input });
    const documents = Object.entries(store.bucket('images')?.documents ?? {});
    return Object.fromEntries(documents.map(([name, text]) => [name, JSON.parse(text)]));
  };
  const rule = { origins: ['*'], methods: ['GET'], headers: ['X-A'], exposeHeaders: ['ETag'], maxAgeSeconds: 60 };
  const cors = [
    { id: 'app-file-1', origins: ['*'], methods: ['GET'], headers: ['x-a'], exposed: ['ETag'], maxAge: 60 },
  ];
  const website = { index: 'index.html' };
  expect(await documentsOf({ cors: [rule], website })).toEqual({ cors, website });
  expect(await documentsOf({ website })).toEqual({ cors, website });
  expect(await documentsOf({ cors: null })).toEqual({ website });
  const lifecycle = [{ id: 'app-file-1', enabled: true, filter: { tags: [] }, expiration: { days: 7 } }];
  expect(await documentsOf({ lifecycle: [{ expireDays: 7 }] })).toEqual({ lifecycle, website });
  expect(await documentsOf({})).toEqual({ lifecycle, website });
  expect(await documentsOf({ lifecycle: null })).toEqual({ website });

  const events = [{ webhook: 'hook', types: ['created', 'expired'], suffix: '.jpg' }] as const;
  await expect(documentsOf({ events })).rejects.toMatchObject({ code: 'webhook.not-found' });
  await admin.putWebhook({ name: 'hook', url: 'https://hooks.example.com/' });
  const names = ['s3:ObjectCreated:*', 's3:LifecycleExpiration:*'];
  const notification = [{ id: 'app-file-1', as: 'queue', webhook: 'hook', events: names, prefix: '', suffix: '.jpg' }];
  expect(await documentsOf({ events })).toEqual({ notification, website });
  await expect(admin.removeWebhook({ name: 'hook' })).rejects.toMatchObject({ code: 'webhook.in-use' });
  expect(await documentsOf({})).toEqual({ notification, website });
  expect(await documentsOf({ events: null })).toEqual({ website });

  const wanted = { bucket: 'logs', prefix: 'images/', byDate: 'request' } as const;
  await expect(documentsOf({ logging: wanted })).rejects.toMatchObject({ code: 's3.invalid-logging-target' });
  await admin.ensureBucket({ name: 'logs' });
  const logging = { target: 'logs', prefix: 'images/', keyFormat: 'event-time' };
  expect(await documentsOf({ logging: wanted })).toEqual({ logging, website });
  expect(await documentsOf({})).toEqual({ logging, website });
  expect(await documentsOf({ logging: { bucket: 'images', prefix: '' } })).toMatchObject({
    logging: { target: 'images', prefix: '' },
  });
  expect(await documentsOf({ logging: null })).toEqual({ website });
});

test('destroyBucket takes the objects with it, and an absent bucket is no error', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  await admin.ensureBucket({ name: 'images' });
  const metadata = { contentType: 'text/plain', headers: {}, user: {} };
  await store.put({ bucket: 'images', key: 'a', metadata, body: (async function* () {})() });
  await admin.destroyBucket({ name: 'images' });
  await admin.destroyBucket({ name: 'images' });
  expect(await admin.listBuckets({})).toEqual([]);
});

test('a bucket with object lock keeps its versioning, and a locked version its bucket and the keys to it', async () => {
  const store = new MemoryObjectStore();
  const admin = await start({ store });
  await store.createBucket('safe', { objectLock: {} });
  expect(await admin.ensureBucket({ name: 'safe', versioning: false })).toMatchObject({ versioning: 'enabled' });
  const key = await admin.ensureKey({ owner: 'photos/web', buckets: ['safe'] });
  const metadata = { contentType: 'text/plain', headers: { 'x-amz-object-lock-legal-hold': 'ON' }, user: {} };
  await store.put({ bucket: 'safe', key: 'a', metadata, body: (async function* () {})() });
  await expect(admin.destroyBucket({ name: 'safe' })).rejects.toThrow(
    expect.objectContaining({ code: 'bucket.locked' }),
  );
  expect(await admin.listKeys({})).toEqual([
    expect.objectContaining({ accessKeyId: key.accessKeyId, grants: [expect.objectContaining({ bucket: 'safe' })] }),
  ]);
  await store.updateMetadata('safe', 'a', { headers: { 'x-amz-object-lock-legal-hold': 'OFF' } });
  await admin.destroyBucket({ name: 'safe' });
});

test('keys survive a restart and are refused once revoked', async () => {
  const before = await (await start()).ensureKey({ owner: 'photos/web', buckets: ['images'] });
  await role?.close();
  const admin = await start();
  expect(await admin.ensureKey({ owner: 'photos/web', buckets: ['images'] })).toEqual(before);
  await admin.revokeKey({ owner: 'photos/web' });
  await admin.revokeKey({ owner: 'photos/web' });
  expect(await admin.ensureKey({ owner: 'photos/web', buckets: ['images'] })).not.toEqual(before);
});

test('a service gets the successor of its key, and what is taken from it is taken from both', async () => {
  const admin = await start();
  const owner = 'photos/web';
  const old = await admin.ensureKey({ owner, buckets: ['images', 'thumbs'] });
  const made = await admin.rotateKey({ accessKeyId: old.accessKeyId, graceMs: 3600_000 });
  expect(await admin.ensureKey({ owner, buckets: ['images'] })).toEqual({
    accessKeyId: made.accessKeyId,
    secretAccessKey: made.secretAccessKey,
  });
  const listed = await admin.listKeys({});
  expect(listed.map(({ grants }) => grants)).toEqual(Array(2).fill([{ bucket: 'images', access: 'read-write' }]));
  expect(JSON.stringify(listed)).not.toContain(made.secretAccessKey);
  await admin.revokeKey({ owner });
  expect(await admin.listKeys({})).toEqual([]);
});

test('a port in use is named, with the variable that chooses another', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  try {
    await expect(start({ port })).rejects.toThrow(
      expect.objectContaining({
        code: 'port.in-use',
        message: expect.stringContaining(String(port)),
        hint: expect.stringContaining('HOLDFAST_S3_PORT'),
      }),
    );
  } finally {
    other.close();
  }
});

test('close lets a request under way end, and its connection with it', async () => {
  const store = new MemoryObjectStore();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const original = store.open.bind(store);
  store.open = async (...args) => {
    ask();
    await held;
    return original(...args);
  };
  const admin = await start({ store });
  await admin.ensureBucket({ name: 'open', accessibility: 'public' });
  const metadata = { contentType: 'text/plain', headers: {}, user: {} };
  const body = (async function* () {
    yield Buffer.from('to the end');
  })();
  await store.put({ bucket: 'open', key: 'a', metadata, body });
  const url = `http://127.0.0.1:${role?.port}/open/a`;
  const answer = fetch(url);
  await asked;
  const closed = role?.close();
  const refuses = () => fetch(url).then(undefined, () => true);
  await waitUntil(async () => (await refuses()) === true, { timeoutMs: 60_000, what: 'new connections to be refused' });
  release();
  expect(await (await answer).text()).toBe('to the end');
  await closed; // long before the grace of ten seconds, or this test is too slow
});

test('what one master key has sealed the next one opens alone, when the role has sealed it anew', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const ring = new Keyring(first);
  const admin = await start({ keyring: ring, refreshKeyring: async () => ring.use(second, first) });
  await admin.ensureKey({ owner: 'photos/web', buckets: ['images'] });
  const { secret } = await admin.putWebhook({ name: 'hook', url: 'https://hooks.invalid/' });
  expect(await admin.reseal({})).toEqual({ buckets: 0, accessKeys: 1, webhooks: 1 });
  await admin.ensureKey({ owner: 'photos/worker', buckets: ['images'] });
  await role?.close();
  await expect(start({ keyring: new Keyring(first) })).rejects.toMatchObject({ code: 'envelope.broken' });
  const again = await start({ keyring: new Keyring(second) });
  expect(await again.listKeys({})).toHaveLength(2);
  const webhooks = await WebhookStore.open(join(directory, 'objects'), { keyring: new Keyring(second) });
  expect(webhooks.find('hook')).toMatchObject({ secret });
});

test('close ends once, and nothing listens any more', async () => {
  await start();
  const port = role?.port;
  await Promise.all([role?.close(), role?.close()]);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

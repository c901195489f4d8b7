import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Keyring } from '../../core/keyring.ts';
import type { Grant } from './key-scope.ts';
import { KeyStore } from './key-store.ts';

const keyring = new Keyring(randomBytes(32));
const IMAGES: Grant = { bucket: 'images', access: 'read-write' };
const THUMBS: Grant = { bucket: 'thumbs', access: 'read-write' };
const HOUR = 3600_000;
const DAY = 24 * HOUR;
const withCode = (code: string) => expect.objectContaining({ code });

let directory: string;
let now = 1_800_000_000_000;
const clock = { now: () => now, sleep: async () => {} };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = () => KeyStore.open(directory, keyring, { clock });
const file = () => join(directory, 'access-keys.json');

test('a key is found again after a restart, with its scope', async () => {
  const made = await (await open()).ensure('photos/web', [IMAGES]);
  const reopened = await open();
  expect(reopened.find(made.accessKeyId)).toEqual(made);
  expect(await reopened.ensure('photos/web', [IMAGES])).toEqual(made);
});

test('a new scope keeps the key', async () => {
  const store = await open();
  const before = await store.ensure('photos/web', [IMAGES]);
  const after = await store.ensure('photos/web', [IMAGES, THUMBS]);
  expect(after).toEqual({ ...before, grants: [IMAGES, THUMBS] });
  expect((await open()).find(before.accessKeyId)?.grants).toEqual([IMAGES, THUMBS]);
});

test('changes at the same time all hold', async () => {
  const store = await open();
  const owners = Array.from({ length: 20 }, (_, i) => `app/service-${i % 10}`);
  const made = await Promise.all(owners.map((owner) => store.ensure(owner, '*')));
  expect(new Set(made.map(({ accessKeyId }) => accessKeyId)).size).toBe(10);
  const reopened = await open();
  for (const key of made) expect(reopened.find(key.accessKeyId)).toEqual(key);
});

test('an owner without keys has none, also after a restart', async () => {
  const store = await open();
  const { accessKeyId } = await store.ensure('photos/web', '*');
  const successor = await store.rotate(accessKeyId, HOUR);
  await store.revokeOwner('photos/web');
  await store.revokeOwner('nobody');
  for (const one of [store, await open()]) {
    expect(one.find(accessKeyId)).toBeUndefined();
    expect(one.find(successor.accessKeyId)).toBeUndefined();
  }
  expect((await store.ensure('photos/web', '*')).accessKeyId).not.toBe(accessKeyId);
});

test('secrets are sealed in the file by the master key', async () => {
  const { secretAccessKey } = await (await open()).ensure('photos/web', '*');
  expect(await readFile(file(), 'utf8')).not.toContain(secretAccessKey);
  await expect(KeyStore.open(directory, new Keyring(randomBytes(32)))).rejects.toThrow(withCode('envelope.broken'));
});

test('secrets go from one master key to the next, and no change that comes in between is lost', async () => {
  const ring = new Keyring(randomBytes(32));
  const store = await KeyStore.open(directory, ring, { clock });
  const before = await store.ensure('photos/web', [IMAGES]);
  const next = randomBytes(32);
  ring.use(next);
  const [sealed, during] = await Promise.all([store.reseal(), store.ensure('photos/worker', [THUMBS])]);
  expect(sealed).toBe(1);
  const reopened = await KeyStore.open(directory, new Keyring(next), { clock });
  expect(reopened.list()).toEqual([before, during]);
});

test('a file of the first version is read, its keys as good as before; a newer one is refused by name', async () => {
  const service = await (await open()).ensure('photos/web', [IMAGES]);
  const operator = await (await open()).ensure('operator', '*');
  const written = JSON.parse(await readFile(file(), 'utf8'));
  const keys = written.keys.map(({ grants, ...key }: { grants: readonly Grant[] | '*' }) => ({
    ...key,
    buckets: grants === '*' ? '*' : grants.map(({ bucket }) => bucket),
  }));
  await writeFile(file(), JSON.stringify({ version: 1, keys }));
  const reopened = await open();
  expect(reopened.list()).toEqual([service, operator]);
  expect(await reopened.ensure('photos/web', [IMAGES])).toEqual(service);

  await writeFile(file(), JSON.stringify({ version: 3, keys: [] }));
  await expect(open()).rejects.toThrow(withCode('access.key-file'));
});

test('a bucket that is gone is taken from the keys that people hold, and from no service', async () => {
  const store = await open();
  const service = await store.ensure('photos/web', [IMAGES]);
  const operator = await store.ensure('operator', '*');
  await store.ensure('operator:images', [IMAGES]);
  const both = await store.create({ grants: [IMAGES, THUMBS] });
  await store.create({ grants: [IMAGES] });
  await store.forgetBucket('images');
  const left = [service, operator, { ...both, grants: [THUMBS] }];
  for (const one of [store, await open()]) expect(one.list()).toEqual(left);
});

describe('a key that somebody makes', () => {
  const grants: readonly Grant[] = [{ bucket: 'images', prefix: 'in/', access: 'write' }];

  test('keeps what was said of it', async () => {
    const options = { grants, description: 'camera', expiresAt: now + DAY };
    const made = await (await open()).create(options);
    expect(made).toMatchObject({ ...options, owner: expect.stringMatching(/^key:[a-z2-7]{8}$/), createdAt: now });
    expect((await open()).list()).toEqual([made]);
  });

  test('is gone once revoked, and only that one', async () => {
    const store = await open();
    const [kept, revoked] = [await store.create({ grants }), await store.create({ grants })];
    await store.revoke(revoked.accessKeyId);
    expect((await open()).list()).toEqual([kept]);
    await expect(store.revoke(revoked.accessKeyId)).rejects.toThrow(withCode('access.key-not-found'));
  });

  test('is forgotten a week after it has expired', async () => {
    const store = await open();
    const made = await store.create({ grants, expiresAt: now + DAY });
    now += 8 * DAY - 1;
    await store.create({ grants });
    expect(store.find(made.accessKeyId)).toEqual(made);
    now += 1;
    await store.create({ grants });
    expect(store.find(made.accessKeyId)).toBeUndefined();
  });
});

describe('rotation', () => {
  test('gives the owner another key while the first goes on for the grace', async () => {
    const store = await open();
    const old = await store.ensure('photos/web', [IMAGES]);
    const made = await store.rotate(old.accessKeyId, HOUR);
    expect(made).toMatchObject({ owner: 'photos/web', grants: [IMAGES] });
    expect(made.secretAccessKey).not.toBe(old.secretAccessKey);
    const reopened = await open();
    expect(reopened.find(old.accessKeyId)).toEqual({
      ...old,
      expiresAt: now + HOUR,
      replacedBy: made.accessKeyId,
    });
    expect(await reopened.ensure('photos/web', [IMAGES])).toEqual(made);
    await expect(store.rotate(old.accessKeyId, HOUR)).rejects.toThrow(withCode('access.key-replaced'));
    await expect(store.rotate('HFAKNONE', HOUR)).rejects.toThrow(withCode('access.key-not-found'));
  });

  test('takes from both what is taken from the owner', async () => {
    const store = await open();
    const old = await store.ensure('photos/web', [IMAGES, THUMBS]);
    const made = await store.rotate(old.accessKeyId, HOUR);
    await store.ensure('photos/web', [THUMBS]);
    for (const { accessKeyId } of [old, made]) expect(store.find(accessKeyId)?.grants).toEqual([THUMBS]);
  });

  test('of a key that expires gives one of the same lifetime, and no more time to the old one', async () => {
    const store = await open();
    const old = await store.create({ grants: [IMAGES], expiresAt: now + DAY });
    now += 23 * HOUR;
    const made = await store.rotate(old.accessKeyId, 5 * HOUR);
    expect(made.expiresAt).toBe(now + DAY);
    expect(store.find(old.accessKeyId)?.expiresAt).toBe(now + HOUR);
  });

  test('leaves the owner with a valid key, whichever of them was revoked', async () => {
    const store = await open();
    const old = await store.ensure('photos/web', [IMAGES]);
    const made = await store.rotate(old.accessKeyId, HOUR);
    await store.revoke(made.accessKeyId);
    const next = await store.ensure('photos/web', [IMAGES]);
    expect([old.accessKeyId, made.accessKeyId]).not.toContain(next.accessKeyId);
    expect(store.find(old.accessKeyId)?.expiresAt).toBe(now + HOUR);
  });
});

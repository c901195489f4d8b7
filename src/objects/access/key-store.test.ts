import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeyStore } from './key-store.ts';

const masterKey = randomBytes(32);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-keys-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a key is found again after a restart, with its scope', async () => {
  const made = await (await KeyStore.open(directory, masterKey)).ensure('photos/web', ['images']);
  const reopened = await KeyStore.open(directory, masterKey);
  expect(reopened.find(made.accessKeyId)).toEqual(made);
  expect(await reopened.ensure('photos/web', ['images'])).toEqual(made);
});

test('a new scope keeps the key', async () => {
  const store = await KeyStore.open(directory, masterKey);
  const before = await store.ensure('photos/web', ['images']);
  const after = await store.ensure('photos/web', ['images', 'thumbs']);
  expect(after).toEqual({ ...before, buckets: ['images', 'thumbs'] });
  expect((await KeyStore.open(directory, masterKey)).find(before.accessKeyId)?.buckets).toEqual(['images', 'thumbs']);
});

test('changes at the same time all hold', async () => {
  const store = await KeyStore.open(directory, masterKey);
  const owners = Array.from({ length: 20 }, (_, i) => `app/service-${i % 10}`);
  const made = await Promise.all(owners.map((owner) => store.ensure(owner, '*')));
  expect(new Set(made.map(({ accessKeyId }) => accessKeyId)).size).toBe(10);
  const reopened = await KeyStore.open(directory, masterKey);
  for (const key of made) expect(reopened.find(key.accessKeyId)).toEqual(key);
});

test('a revoked key is gone, also after a restart', async () => {
  const store = await KeyStore.open(directory, masterKey);
  const { accessKeyId } = await store.ensure('photos/web', '*');
  await store.revoke('photos/web');
  await store.revoke('nobody');
  expect(store.find(accessKeyId)).toBeUndefined();
  expect((await KeyStore.open(directory, masterKey)).find(accessKeyId)).toBeUndefined();
  expect((await store.ensure('photos/web', '*')).accessKeyId).not.toBe(accessKeyId);
});

test('secrets are sealed in the file by the master key', async () => {
  const { secretAccessKey } = await (await KeyStore.open(directory, masterKey)).ensure('photos/web', '*');
  expect(await readFile(join(directory, 'access-keys.json'), 'utf8')).not.toContain(secretAccessKey);
  await expect(KeyStore.open(directory, randomBytes(32))).rejects.toThrow(
    expect.objectContaining({ code: 'envelope.broken' }),
  );
});

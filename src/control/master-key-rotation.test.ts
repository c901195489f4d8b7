import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { systemClock } from '../core/clock.ts';
import { createLogger } from '../core/log.ts';
import { MasterKey } from '../core/master-key.ts';
import { waitUntil } from '../core/retry.ts';
import { MasterKeyRotation } from './master-key-rotation.ts';
import { SecretVault } from './secret-vault.ts';
import { openState } from './state/state.ts';

const RESEALED = { buckets: 3, accessKeys: 2, webhooks: 1 };

async function rotationIn(directory: string) {
  const place = { keyFile: join(directory, 'master.key'), recordFile: join(directory, 'known', 'record') };
  await mkdir(dirname(place.recordFile));
  await MasterKey.create(place);
  const masterKey = await MasterKey.open(place);
  const vault = new SecretVault(await openState(':memory:'), masterKey.keyring);
  await vault.set('app', { TOKEN: 'x' }, 1);
  const failures: Error[] = [];
  const objects = {
    reseal: async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return RESEALED;
    },
  };
  const stopping = new AbortController();
  const log = createLogger('control', 'silent');
  const clock = { now: systemClock.now, sleep: async () => {} };
  const context = { masterKey, vault, clock, log, stopping: stopping.signal, drivers: { objects } };
  return { rotation: new MasterKeyRotation(context), masterKey, vault, failures, place, stopping };
}

test('a rotation says how much the new key seals', async () => {
  await using directory = await temporaryDirectory();
  const { rotation, masterKey } = await rotationIn(directory.path);
  const before = masterKey.id;
  expect(await rotation.rotate()).toEqual({ ...RESEALED, secrets: 1, earlierGone: true });
  expect(masterKey).toMatchObject({ isRotating: false });
  expect(masterKey.id).not.toBe(before);
});

test('what fails is told, and goes on with the same key until it is at its end', async () => {
  await using directory = await temporaryDirectory();
  const { rotation, masterKey, vault, failures } = await rotationIn(directory.path);
  failures.push(...Array.from({ length: 5 }, () => new Error('the disk is full')));
  const first = masterKey.id;
  await expect(rotation.rotate()).rejects.toThrow('the disk is full');
  const second = masterKey.id;
  expect(second).not.toBe(first);
  await waitUntil(() => !masterKey.isRotating, { timeoutMs: 60_000, what: 'its end' });
  expect(masterKey.id).toBe(second);
  expect(await vault.reveal('app', { TOKEN: 1 })).toEqual({ TOKEN: 'x' });
});

test('what is begun and could not be written down is at its end when it can', async () => {
  await using directory = await temporaryDirectory();
  const { rotation, masterKey, place, vault } = await rotationIn(directory.path);
  await rmdir(dirname(place.recordFile));
  await expect(rotation.rotate()).rejects.toThrow('ENOENT');
  expect(masterKey.isRotating).toBe(true);
  await vault.set('app', { OTHER: 'y' }, 2);
  await mkdir(dirname(place.recordFile));
  await waitUntil(() => !masterKey.isRotating, { timeoutMs: 60_000, what: 'its end' });
  expect(await vault.reveal('app', { TOKEN: 1, OTHER: 1 })).toEqual({ TOKEN: 'x', OTHER: 'y' });
});

test('an end of the platform ends the trying, and the next one goes on', async () => {
  await using directory = await temporaryDirectory();
  const { rotation, failures, place, stopping } = await rotationIn(directory.path);
  failures.push(...Array.from({ length: 1000 }, () => new Error('no object store')));
  await expect(rotation.rotate()).rejects.toThrow('no object store');
  stopping.abort();
  await rotation.stop();
  expect(failures.length).toBeGreaterThan(0);
  expect(await MasterKey.open(place)).toMatchObject({ isRotating: true });
});

test('rotations that are asked for at once come one after the other', async () => {
  await using directory = await temporaryDirectory();
  const { rotation, masterKey, vault } = await rotationIn(directory.path);
  await Promise.all([rotation.rotate(), rotation.rotate(), rotation.rotate()]);
  expect(masterKey.isRotating).toBe(false);
  expect(await vault.reveal('app', { TOKEN: 1 })).toEqual({ TOKEN: 'x' });
});

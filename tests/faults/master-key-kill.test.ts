import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SecretVault } from '../../src/control/secret-vault.ts';
import { openState } from '../../src/control/state/state.ts';
import type { Keyring } from '../../src/core/keyring.ts';
import { MasterKey } from '../../src/core/master-key.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { KeyStore } from '../../src/objects/access/key-store.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { masterKeyPlaces } from './master-key-places.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 8);
const writer = join(import.meta.dirname, 'master-key-writer.ts');

/** What the writer says. */
interface Told {
  readonly rotated?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly secret?: string;
  readonly version?: number;
  readonly value?: string;
}

test(`what the master key seals outlives ${ROUNDS} kills in the midst of rotations`, async () => {
  await using directory = await temporaryDirectory();
  const { masterKey: place } = masterKeyPlaces(directory.path);
  await MasterKey.create(place);
  const told: Told[] = [];
  const left = new Set<number>(); // keys in the file: 2 in the midst of a rotation
  for (let round = 0; round < ROUNDS || !left.has(2); round++) {
    await runAndKill(directory.path, { told, round });
    left.add((await readFile(place.keyFile, 'utf8')).trim().split('\n').length);
    const masterKey = await MasterKey.open(place);
    await expectAll(directory.path, { told, keyring: masterKey.keyring });
  }
  expect(told.filter(({ rotated }) => rotated).length, 'rotations that ended').toBeGreaterThan(ROUNDS);
});

async function runAndKill(directory: string, { told, round }: { told: Told[]; round: number }): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const before = told.length;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => told.push(JSON.parse(line) as Told));
  const ended = once(lines, 'close');
  const rotations = () => told.slice(before).filter(({ rotated }) => rotated).length;
  const rotates = () => rotations() > round % 2 || child.exitCode !== null;
  await waitUntil(rotates, { timeoutMs: 60_000, intervalMs: 2, what: 'a rotation' });
  await sleep(randomInt(200));
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal, 'the writer ran until it was killed').toBe('SIGKILL');
  await ended;
}

async function expectAll(directory: string, { told, keyring }: { told: Told[]; keyring: Keyring }): Promise<void> {
  const places = masterKeyPlaces(directory);
  const store = await openObjectStore({ directory: places.store, keyring });
  for (const { bucket, key } of told) {
    if (bucket === undefined || key === undefined) continue;
    const object = await store.open(bucket, key);
    expect(await text(object.body())).toBe(`${bucket}/${key}`);
    object.release();
  }
  await store.close();
  const keys = await KeyStore.open(places.objects, keyring);
  for (const { accessKeyId, secretAccessKey } of told) {
    if (accessKeyId) expect(keys.find(accessKeyId)).toMatchObject({ secretAccessKey });
  }
  const state = await openState(places.state);
  const vault = new SecretVault(state, keyring);
  await vault.check();
  for (const { secret, version, value } of told) {
    if (secret && version) expect(await vault.reveal('app', { [secret]: version })).toEqual({ [secret]: value });
  }
  await state.close();
}

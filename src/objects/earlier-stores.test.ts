import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EarlierModel, unpackEarlierStore } from '../../tests/support/earlier-store.ts';
import { readWholeStore } from '../../tests/support/read-whole-store.ts';
import { TEST_CODE } from '../../tests/support/role-client.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { createLogger } from '../core/log.ts';
import { MasterKey } from '../core/master-key.ts';
import { type ObjectsRole, startObjectsRole } from './objects-role.ts';

let temporary: TemporaryDirectory;
let model: EarlierModel;
let role: ObjectsRole | undefined;

beforeEach(async () => {
  temporary = await temporaryDirectory();
});
afterEach(async () => {
  await stop();
  await temporary[Symbol.asyncDispose]();
});

const inRoot = (...names: readonly string[]) => join(temporary.path, ...names);

async function start(): Promise<void> {
  const place = { keyFile: inRoot('keys', 'master.key'), recordFile: inRoot('master-key.json') };
  role = await startObjectsRole({
    code: TEST_CODE,
    directory: inRoot('objects'),
    keyring: (await MasterKey.open(place)).keyring,
    port: 0,
    host: '127.0.0.1',
    adminSocket: inRoot('objects.sock'),
    region: 'local',
    log: createLogger('objects', 'silent'),
  });
}

async function stop(): Promise<void> {
  await role?.close();
  role = undefined;
}

const read = () => readWholeStore({ port: role?.port ?? 0, key: model.key });

describe.each(['first', 'snapshots'])('of the store "%s" that an earlier version has written, all is there', (name) => {
  beforeEach(async () => {
    model = await unpackEarlierStore(name, temporary.path);
  });

  test('with the index that was with it, and after a restart', async () => {
    await start();
    expect(await read()).toMatchObject(model.buckets);
    await stop();
    await start();
    expect(await read()).toMatchObject(model.buckets);
  });

  test('with another index, built from the journal', async () => {
    await rm(inRoot('objects', 'store', 'index'), { recursive: true });
    await start();
    expect(await read()).toMatchObject(model.buckets);
  });

  test('after a crash, with an index that is looked at first', async () => {
    const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    await writeFile(inRoot('objects', 'store', 'session'), `open ${bootId}`);
    await start();
    expect(await read()).toMatchObject(model.buckets);
  });
});

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { MasterKeyRotation } from '../../src/control/master-key-rotation.ts';
import { SecretVault } from '../../src/control/secret-vault.ts';
import { openState } from '../../src/control/state/state.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/core/log.ts';
import { MasterKey } from '../../src/core/master-key.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import { roleClient, TEST_CODE } from '../support/role-client.ts';
import { masterKeyPlaces } from './master-key-places.ts';

/**
 * Rotates the master key of the directory in argv[2] without pause until it is killed, and makes buckets, objects,
 * access keys and secrets meanwhile. Says each when it is acknowledged, a line of JSON on stdout.
 */
const [directory = '', round = '0'] = process.argv.slice(2);
const places = masterKeyPlaces(directory);
const log = createLogger('test', 'silent');
const say = (what: object) => writeSync(1, `${JSON.stringify(what)}\n`);

const masterKey = await MasterKey.open(places.masterKey);
const ofObjects = await MasterKey.open(places.masterKey);
const opening = Promise.withResolvers<Awaited<ReturnType<typeof openObjectStore>>>();
await startObjectsRole({
  code: TEST_CODE,
  directory: places.objects,
  keyring: ofObjects.keyring,
  refreshKeyring: () => ofObjects.refresh(),
  openStore: async () => {
    const store = await openObjectStore({ directory: places.store, keyring: ofObjects.keyring });
    opening.resolve(store);
    return store;
  },
  port: 0,
  host: '127.0.0.1',
  adminSocket: join(directory, 'a.sock'),
  region: 'local',
  log,
});
const store = await opening.promise;
const admin = roleClient<ObjectAdmin>(join(directory, 'a.sock'));
const state = await openState(places.state);
const vault = new SecretVault(state, masterKey.keyring);
const stopping = new AbortController().signal;
const rotation = new MasterKeyRotation({
  masterKey,
  vault,
  clock: systemClock,
  log,
  stopping,
  drivers: { objects: admin },
});
const metadata = { contentType: 'text/plain', headers: {}, user: {} };

async function rotate(): Promise<never> {
  for (;;) {
    await rotation.rotate();
    say({ rotated: masterKey.id });
  }
}

async function write(): Promise<never> {
  for (let n = 0; ; n++) {
    const name = `b${round}-${n % 5}`;
    if (!store.bucket(name)) await store.createBucket(name);
    const body = (async function* () {
      yield Buffer.from(`${name}/${n}`);
    })();
    await store.put({ bucket: name, key: `${n}`, body, metadata });
    say({ bucket: name, key: `${n}` });
    const { accessKeyId, secretAccessKey } = await admin.ensureKey({ owner: `${name}/${n % 3}`, buckets: [name] });
    say({ accessKeyId, secretAccessKey });
    await vault.set('app', { [`KEY_${round}_${n % 4}`]: `value ${n}` }, n);
    say({ secret: `KEY_${round}_${n % 4}`, version: Math.floor(n / 4) + 1, value: `value ${n}` });
  }
}

await Promise.all([rotate(), write()]);

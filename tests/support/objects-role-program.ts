import { join } from 'node:path';
import { Keyring } from '../../src/core/keyring.ts';
import { createLogger } from '../../src/core/log.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import { roleClient, TEST_CODE } from './role-client.ts';

/** The objects role over the store in argv[2]; says where it is and with which key, and serves until it is ended. */
const [directory = '', bucket = 'data'] = process.argv.slice(2);
const adminSocket = join(directory, 'admin.sock');
const storeSocket = join(directory, 'store.sock');
const { port } = await startObjectsRole({
  code: TEST_CODE,
  directory,
  keyring: new Keyring(Buffer.alloc(32, 7)),
  port: 0,
  host: '127.0.0.1',
  adminSocket,
  storeSocket,
  region: 'local',
  webhookAllow: ['127.0.0.0/8'],
  accessLogMs: 200,
  log: createLogger('objects', 'silent'),
});
const admin = roleClient<ObjectAdmin>(adminSocket);
await admin.ensureBucket({ name: bucket });
const key = await admin.ensureKey({ owner: 'test', buckets: [bucket] });
console.log(JSON.stringify({ port, key, adminSocket, storeSocket }));

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Keyring } from '../../src/core/keyring.ts';
import { createLogger } from '../../src/core/log.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { roleClient, TEST_CODE } from '../../tests/support/role-client.ts';
import { keyName } from '../support/object-load.ts';
import { type FillRequest, type ServerUp, storeSocketIn } from './holdfast.ts';

/** The objects role as a process of its own, that also fills buckets through its engine. Ends with its parent. */

const WRITERS = 512;

async function fill(store: ObjectStore, { bucket, keys, sizeBytes }: FillRequest): Promise<void> {
  if (!store.bucket(bucket)) await store.createBucket(bucket);
  const bytes = Buffer.alloc(sizeBytes, 'x');
  const metadata = { contentType: 'application/octet-stream', headers: {}, user: {} };
  const body = async function* () {
    yield bytes;
  };
  let next = 0;
  const writer = async () => {
    while (next < keys.count) {
      await store.put({ bucket, key: keyName(keys, next++), body: body(), size: sizeBytes, metadata });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

const [directory = '', encryption = 'encrypted', isShared = 'false'] = process.argv.slice(2);
const keyring = new Keyring(randomBytes(32));
const opening = Promise.withResolvers<ObjectStore>();
const adminSocket = join(directory, 'objects.sock');
const role = await startObjectsRole({
  code: TEST_CODE,
  directory,
  openStore: async (onBucketChanged) => {
    const opened = await openObjectStore({
      directory: join(directory, 'store'),
      keyring: encryption === 'plain' ? undefined : keyring,
      onBucketChanged,
    });
    opening.resolve(opened);
    return opened;
  },
  keyring,
  port: 0,
  host: '127.0.0.1',
  adminSocket,
  storeSocket: isShared === 'true' ? storeSocketIn(directory) : undefined,
  region: 'us-east-1',
  log: createLogger('objects', 'warn'),
});
const store = await opening.promise;
const key = await roleClient<ObjectAdmin>(adminSocket).ensureKey({ owner: 'bench', buckets: '*' });
process.on('message', (request: FillRequest) => {
  void fill(store, request).then(() => process.send?.('filled'));
});
process.once('disconnect', () => void role.close());
process.send?.({ ...key, port: role.port } satisfies ServerUp);

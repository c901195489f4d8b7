import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../src/core/clock.ts';
import { Keyring } from '../../src/core/keyring.ts';
import { createLogger } from '../../src/core/log.ts';
import { BodyWriter } from '../../src/objects/engine/files/body-writer.ts';
import { readStored } from '../../src/objects/engine/files/stored-body.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import { connectObjectStore } from '../../src/objects/remote/remote-object-store.ts';
import type { WriteDeposit } from '../../src/objects/remote/store-connection.ts';
import { StoreServer } from '../../src/objects/remote/store-server.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { describeBuckets } from './bucket.contract.ts';
import { describeChangeFeed } from './change-feed.contract.ts';
import { describeObjectEncryption } from './object-encryption.contract.ts';
import { describeObjectLock } from './object-lock.contract.ts';
import { describeObjectQuotas } from './object-quotas.contract.ts';
import { describeObjectSnapshots } from './object-snapshots.contract.ts';
import { describeObjectStore } from './object-store.contract.ts';
import { describeObjectUploads } from './object-uploads.contract.ts';
import { describeObjectVersions } from './object-versions.contract.ts';

const minPartBytes = 1000;
const inlineLimitBytes = 16 * 1024;
const sizes = [inlineLimitBytes, inlineLimitBytes + 1, 2_500_000];

const inMemory = async (options: { readonly clock?: Clock } = {}) => ({
  store: new MemoryObjectStore({ minPartBytes, ...options }),
  minPartBytes,
  sizes,
  dispose: async () => {},
});

const onTheJournal = async (options: { readonly clock?: Clock } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-objects-'));
  const store = await openObjectStore({
    directory,
    segmentBytes: 2 ** 20,
    inlineLimitBytes,
    minPartBytes,
    keyring: new Keyring(randomBytes(32)),
    ...options,
  });
  return {
    store,
    minPartBytes,
    sizes,
    async dispose() {
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
};

/** Whoever has the store open shares it; a gateway asks over a socket. */
const overASocket = async (options: { readonly clock?: Clock } = {}) => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-objects-'));
  const log = createLogger('objects', 'silent');
  const socketPath = join(directory, 'store.sock');
  const writer: ObjectStore = await openObjectStore({
    directory: join(directory, 'store'),
    segmentBytes: 2 ** 20,
    inlineLimitBytes,
    minPartBytes,
    keyring: new Keyring(randomBytes(32)),
    onBucketChanged: (name) => server.bucketChanged(name),
    ...options,
  });
  const code = randomBytes(32);
  const shared = { store: writer, keys: () => [], webhooks: () => [], socketPath, code, log };
  const server = await StoreServer.listen(shared);
  const bodies = new BodyWriter();
  const writeDeposit: WriteDeposit = (...deposit) => bodies.write(...deposit);
  const store = await connectObjectStore({ socketPath, code, readStored, writeDeposit });
  return {
    store,
    minPartBytes,
    sizes,
    async dispose() {
      await store.close();
      await bodies.close();
      await server.close();
      await writer.close();
      await rm(directory, { recursive: true });
    },
  };
};

describeBuckets('in memory', inMemory);
describeObjectStore('in memory', inMemory);
describeObjectUploads('in memory', inMemory);
describeBuckets('on the journal', onTheJournal);
describeObjectStore('on the journal', onTheJournal);
describeObjectUploads('on the journal', onTheJournal);
describeObjectLock('in memory', inMemory);
describeObjectLock('on the journal', onTheJournal);
describeObjectVersions('in memory', inMemory);
describeObjectVersions('on the journal', onTheJournal);
describeChangeFeed('in memory', inMemory);
describeChangeFeed('on the journal', onTheJournal);
describeBuckets('over a socket', overASocket);
describeObjectStore('over a socket', overASocket);
describeObjectUploads('over a socket', overASocket);
describeObjectVersions('over a socket', overASocket);
describeObjectEncryption('in memory', inMemory);
describeObjectEncryption('on the journal', onTheJournal);
describeObjectEncryption('over a socket', overASocket);
describeObjectLock('over a socket', overASocket);
describeObjectSnapshots('in memory', inMemory);
describeObjectSnapshots('on the journal', onTheJournal);
describeObjectSnapshots('over a socket', overASocket);
describeObjectQuotas('in memory', inMemory);
describeObjectQuotas('on the journal', onTheJournal);
describeObjectQuotas('over a socket', overASocket);

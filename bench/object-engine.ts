import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keyring } from '../src/core/keyring.ts';
import { openObjectStore } from '../src/objects/engine/open-object-store.ts';
import type { ObjectStore } from '../src/objects/store/object-store.ts';

/** The engine alone, without HTTP: `node bench/object-engine.ts [directory]`. Every PUT is durable. */

const metadata = { contentType: 'application/octet-stream', headers: {}, user: {} };
const SECONDS = 3;

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Operations a second of `clients` that each do one after the other. */
async function rate(clients: number, operation: (turn: number) => Promise<void>): Promise<number> {
  const start = performance.now();
  const end = start + SECONDS * 1000;
  let turns = 0;
  const client = async () => {
    while (performance.now() < end) await operation(turns++);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return Math.round((turns / (performance.now() - start)) * 1000);
}

async function benchSize(store: ObjectStore, size: number, writers: number): Promise<void> {
  const bytes = Buffer.alloc(size, 7);
  const [bucket, keys] = [`size-${size}`, 5000];
  const key = (turn: number) => `key-${turn % keys}`;
  await store.createBucket(bucket);
  let written = 0;
  const puts = await rate(writers, async (turn) => {
    await store.put({ bucket, key: key(turn), body: once(bytes), size, metadata });
    written = Math.max(written, turn);
  });
  const gets = await rate(16, async (turn) => {
    const read = await store.open(bucket, key(turn % (written + 1)));
    for await (const _ of read.body());
    read.release();
  });
  console.log(`${size / 1024} KiB: PUT ${puts}/s with ${writers} writers, GET ${gets}/s with 16 readers`);
}

const directory = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'holdfast-bench-'));
const store = await openObjectStore({ directory, keyring: new Keyring(randomBytes(32)) });
try {
  await benchSize(store, 4 * 1024, 1);
  await store.deleteBucket('size-4096', { force: true });
  await benchSize(store, 4 * 1024, 64);
  await benchSize(store, 64 * 1024, 64);
  await benchSize(store, 1024 * 1024, 16);
  console.log(
    `LIST 1,000 keys: ${await rate(4, async () => void (await store.list({ bucket: 'size-4096', limit: 1000 })))}/s`,
  );
} finally {
  await store.close();
  await rm(directory, { recursive: true });
}

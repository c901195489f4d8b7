import { randomBytes, randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { connectRpc } from '../../src/core/rpc.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startProcess } from '../support/started-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const ROUNDS = 12;
const WRITERS = 6;
const KEYS_EACH = 4;
const Bucket = 'data';
const program = join(import.meta.dirname, '../support/objects-role-program.ts');

let directory: TemporaryDirectory;
let receiver: Server;
/** By key, the sequencers in the order in which they first came. */
const order = new Map<string, string[]>();
const received = new Set<string>();
/** By key, the versions and delete markers that were acknowledged, in order. */
const acknowledged = new Map<string, string[]>();

beforeAll(async () => {
  directory = await temporaryDirectory();
  receiver = createServer(async (req, res) => {
    const [record] = JSON.parse((await req.toArray()).join('')).Records;
    if (randomInt(12) === 0) return res.writeHead(503).end();
    const { key, versionId, sequencer } = record.s3.object;
    const known = order.get(key) ?? [];
    if (!known.includes(sequencer)) known.push(sequencer);
    order.set(key, known);
    received.add(`${decodeURIComponent(key.replaceAll('+', ' '))} ${versionId}`);
    return res.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await directory[Symbol.asyncDispose]();
});

async function start() {
  const command = [process.execPath, program, directory.path, Bucket];
  const child = await startProcess(command, { cwd: directory.path, env: process.env });
  const { port, adminSocket } = JSON.parse(child.firstLine) as { port: number; adminSocket: string };
  const admin = connectRpc<ObjectAdmin>(adminSocket);
  const credentials = await admin.ensureKey({ owner: 'operator', buckets: '*' });
  const endpoint = `http://127.0.0.1:${port}`;
  const s3 = new S3Client({ endpoint, region: 'local', credentials, forcePathStyle: true, maxAttempts: 1 });
  return { child, admin, s3 };
}

async function configure(s3: S3Client, admin: ObjectAdmin): Promise<void> {
  await admin.putWebhook({ name: 'hook', url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const];
  const QueueConfigurations = [{ QueueArn: 'arn:holdfast:webhook:::hook', Events }];
  await s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
  );
}

/** Until the store goes away. Each writer has keys of its own, so that the order of its answers is that of their history. */
async function write(s3: S3Client, writer: number): Promise<void> {
  try {
    for (;;) {
      const Key = `writer-${writer}/key-${randomInt(KEYS_EACH)}`;
      const isRemoval = randomInt(4) === 0;
      const { VersionId = '' } = isRemoval
        ? await s3.send(new DeleteObjectCommand({ Bucket, Key }))
        : await s3.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(randomInt(20_000)) }));
      acknowledged.set(Key, [...(acknowledged.get(Key) ?? []), VersionId]);
    }
  } catch {
    // killed
  }
}

/** Changes that are in the journal alone when the events of the next round begin. */
async function writeUnseen(): Promise<void> {
  const store = await openObjectStore({ directory: join(directory.path, 'store'), masterKey: Buffer.alloc(32, 7) });
  const metadata = { contentType: 'text/plain', headers: {}, user: {} };
  for (let i = 0; i < 5; i++) {
    const key = 'written while nobody looked';
    const { versionId } = await store.put({ bucket: Bucket, key, metadata, body: (async function* () {})() });
    acknowledged.set(key, [...(acknowledged.get(key) ?? []), versionId]);
  }
  await store.close();
}

const missing = () =>
  [...acknowledged].flatMap(([key, versions]) =>
    versions.map((version) => `${key} ${version}`).filter((one) => !received.has(one)),
  );

it(`tells a webhook of every acknowledged change over ${ROUNDS} kills, those of a key in order`, async () => {
  let untold = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, admin, s3 } = await start();
    if (round === 0) await configure(s3, admin);
    const writing = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(s3, writer)));
    await sleep(randomInt(200, 1200));
    await child.stop('SIGKILL');
    untold += missing().length;
    await writing;
    s3.destroy();
    if (round % 3 === 0) await writeUnseen();
  }
  const { child, admin, s3 } = await start();
  try {
    await waitUntil(() => missing().length === 0, { timeoutMs: 120_000, what: 'every event' });
    const isIdle = async () => (await admin.listWebhooks({}))[0]?.pending === 0;
    await waitUntil(isIdle, { timeoutMs: 120_000, what: 'an empty queue' });
  } finally {
    s3.destroy();
    await child.stop('SIGKILL');
  }
  expect(untold, 'kills came between an answer and its event').toBeGreaterThan(ROUNDS);
  expect(received.size, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
  for (const [key, sequencers] of order) expect(sequencers, key).toEqual(sequencers.toSorted());
});

import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { roleClient } from '../support/role-client.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { type StartedProcess, startProcess } from '../support/started-process.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';

const root = process.getuid?.() === 0;
const program = join(import.meta.dirname, '../support/objects-role-program.ts');
const Bucket = 'data';
const DISK_BYTES = 256 * 2 ** 20;
const Body = Buffer.alloc(200_000, 7);

interface Role {
  readonly child: StartedProcess;
  readonly admin: ObjectAdmin;
  readonly s3: S3Client;
}

let directory: TemporaryDirectory;
let disk: SmallDisk;
let receiver: Server;
let receives: boolean;
/** `<event> <key>` of what was taken. */
let told: string[];
let role: Role | undefined;

beforeEach(async () => {
  if (!root) return;
  directory = await temporaryDirectory();
  disk = await mountSmallDisk(directory.path, DISK_BYTES);
  receives = true;
  told = [];
  receiver = createServer(async (req, res) => {
    const [{ eventName, s3 }] = JSON.parse((await req.toArray()).join('')).Records;
    if (receives) told.push(`${eventName} ${s3.object.key}`);
    res.writeHead(receives ? 204 : 503).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  if (!root) return;
  await kill();
  receiver.closeAllConnections();
  receiver.close();
  await disk[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

async function start(): Promise<Role> {
  const command = [process.execPath, program, join(disk.path, 'objects'), Bucket];
  const child = await startProcess(command, { cwd: import.meta.dirname, env: process.env });
  const { port, adminSocket } = JSON.parse(child.firstLine);
  const admin = roleClient<ObjectAdmin>(adminSocket);
  const credentials = await admin.ensureKey({ owner: 'operator', buckets: '*' });
  const connection = { endpoint: `http://127.0.0.1:${port}`, region: 'local', forcePathStyle: true, maxAttempts: 1 };
  const s3 = new S3Client({ ...connection, credentials });
  role = { child, s3, admin };
  return role;
}

async function kill(): Promise<void> {
  role?.s3.destroy();
  await role?.child.stop('SIGKILL');
  role = undefined;
}

const put = ({ s3 }: Role, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const remove = ({ s3 }: Role, Key: string) => s3.send(new DeleteObjectCommand({ Bucket, Key }));
const read = async ({ s3 }: Role, Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

const addWebhook = ({ admin }: Role) =>
  admin.putWebhook({ name: 'hook', url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });

async function tellOfEverything({ s3 }: Role): Promise<void> {
  const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const];
  const QueueConfigurations = [{ QueueArn: 'arn:holdfast:webhook:::hook', Events }];
  const NotificationConfiguration = { QueueConfigurations };
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
}

/** What a user of S3 may count on with no byte free. */
async function expectReadsAndRemovals(role: Role, { kept, removed }: { kept: string; removed: string }): Promise<void> {
  expect((await read(role, kept)).equals(Body)).toBe(true);
  await remove(role, removed);
  await expect(read(role, removed)).rejects.toMatchObject({ name: 'NoSuchKey' });
  await disk.fill();
  await expect(put(role, 'refused')).rejects.toMatchObject({ name: 'ServiceUnavailable' });
}

test.skipIf(!root)(
  '(needs root to mount) killed on a full disk the role starts again, and tells what happened when there is room',
  async () => {
    receives = false;
    const first = await start();
    await addWebhook(first);
    await tellOfEverything(first);
    for (let i = 0; i < 20; i++) await put(first, `object-${i}`);
    const pending = async () => (await first.admin.listWebhooks({}))[0]?.pending;
    await waitUntil(async () => (await pending()) === 20, { timeoutMs: 60_000, what: 'waiting events' });
    await disk.fill();
    await expectReadsAndRemovals(first, { kept: 'object-9', removed: 'object-0' });

    for (let round = 1; round <= 3; round++) {
      await kill();
      await disk.fill();
      await expectReadsAndRemovals(await start(), { kept: 'object-9', removed: `object-${round}` });
    }
    expect(told).toEqual([]);
    receives = true;
    await disk.empty();
    const removals = [0, 1, 2, 3].map((i) => `ObjectRemoved:Delete object-${i}`);
    await waitUntil(() => removals.every((event) => told.includes(event)), { timeoutMs: 60_000, what: 'removals' });
    await waitUntil(() => new Set(told).size === 24, { timeoutMs: 60_000, what: 'every event' });
    await put(role as Role, 'new');
    await waitUntil(() => told.includes('ObjectCreated:Put new'), { timeoutMs: 60_000, what: 'the new event' });
  },
);

test.skipIf(!root)(
  '(needs root to mount) a role that never kept events starts on a full disk, and does when there is room',
  async () => {
    const before = await start();
    for (const key of ['a', 'b']) await put(before, key);
    await kill();
    const objects = join(disk.path, 'objects');
    for (const file of ['events.db', 'events.db-wal', 'events.db-shm', 'scrub.json']) {
      await rm(join(objects, file), { force: true });
    }
    await rm(join(objects, 'store', 'consumers.json'));
    await disk.fill();

    const role = await start();
    await expectReadsAndRemovals(role, { kept: 'a', removed: 'b' });
    await expect(addWebhook(role)).rejects.toMatchObject({ kind: 'exhausted' });

    await disk.empty();
    await waitUntil(() => addWebhook(role).catch(() => undefined), { timeoutMs: 60_000, what: 'a webhook' });
    await tellOfEverything(role);
    await put(role, 'c');
    await waitUntil(() => told.includes('ObjectCreated:Put c'), { timeoutMs: 60_000, what: 'the event' });
  },
);

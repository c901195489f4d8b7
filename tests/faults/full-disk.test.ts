import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { AppView, BucketCredentials } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { sampleApp } from '../support/sample-app.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { TestPlatform } from '../support/test-platform.ts';

const root = process.getuid?.() === 0;
const MiB = 1024 * 1024;
/** Every write to it finds no room: null(4). */
const FULL = '/dev/full';

test.skipIf(!root)(
  '(needs root to mount) a full disk refuses writes with a reason, loses nothing, and recovers',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { platform, disk, app } = await notesOnSmallDisk(stack);
    const s3 = await client(platform);
    await s3.send(new PutObjectCommand({ Bucket: 'pictures', Key: 'before', Body: 'kept' }));

    await disk.fill();
    const big = Buffer.alloc(8 * 1024 * 1024, 1);
    await expect(s3.send(new PutObjectCommand({ Bucket: 'pictures', Key: 'big', Body: big }))).rejects.toMatchObject({
      message: expect.stringMatching(/full/i),
    });
    await app.environment({ APP_VERSION: '2' });
    const deploy = await platform.cli(['deploy', app.path]);
    expect(deploy.code).not.toBe(0);
    expect(deploy.stdout + deploy.stderr).toMatch(/disk is full/);
    const create = await platform.cli(['volumes', 'create', 'more', '--size', '1', '--app', 'notes']);
    expect(create.code).not.toBe(0);
    expect(create.stderr).toMatch(/disk is full/);

    expect((await platform.http('notes', '/version')).status).toBe(200);
    for (const role of ['objects', 'edge']) await platform.killRole(role);
    const kept = await waitUntil(
      () => s3.send(new GetObjectCommand({ Bucket: 'pictures', Key: 'before' })).catch(() => undefined),
      {
        timeoutMs: 60_000,
        what: 'the object store, started again on the full disk',
      },
    );
    expect(await kept.Body?.transformToString()).toBe('kept');
    await waitUntil(async () => (await platform.http('notes', '/version').catch(() => undefined))?.status === 200, {
      timeoutMs: 60_000,
      what: 'the edge, started again on the full disk',
    });

    await disk.empty();
    await s3.send(new PutObjectCommand({ Bucket: 'pictures', Key: 'big', Body: big }));
    await platform.run(['deploy', app.path]);
    const status = await platform.json<AppView>(['status', '--app', 'notes']);
    expect(status.storage.filter((storage) => storage.kind === 'volume').map((volume) => volume.name)).toEqual([
      'data',
    ]);
    expect(JSON.parse((await platform.http('notes', '/version')).body.toString())).toMatchObject({ APP_VERSION: '2' });
  },
);

test.skipIf(!root)(
  '(needs root to mount) a platform that died on a full disk comes up on it, and gives what it has',
  async () => {
    await using stack = new AsyncDisposableStack();
    const { platform, disk, app } = await notesOnSmallDisk(stack);
    await platform.run(['object-store', 'put', 'pictures', '-', 'before'], { input: 'kept' });

    await disk.fill();
    await platform.kill9();
    await platform.up();
    expect(await platform.run(['object-store', 'get', 'pictures', 'before', '-'])).toBe('kept');

    await disk.empty();
    await platform.run(['object-store', 'put', 'pictures', '-', 'after'], { input: 'kept, too' });
    await platform.run(['deploy', app.path]);
    expect((await platform.http('notes', '/version')).status).toBe(200);
  },
);

test.skipIf(!existsSync(FULL))('a platform whose log takes no line comes up, and stays', async () => {
  await using platform = await TestPlatform.create();
  const logs = join(platform.dataDirectory, 'logs');
  await mkdir(logs, { recursive: true });
  await symlink(FULL, join(logs, 'platform.log'));
  const done = { code: 0, stderr: '' };
  expect(await platform.cli(['up', '--detach'])).toMatchObject(done);
  expect(await platform.cli(['object-store', 'create', 'pictures'])).toMatchObject(done);
});

test.skipIf(!root)(
  '(needs root to mount) a bucket that found no room is not there, and can be created later',
  async () => {
    await using platform = await TestPlatform.create();
    await mkdir(platform.dataDirectory);
    await using disk = await mountSmallDisk(platform.dataDirectory, 60 * MiB); // the journal takes more for its first write
    await using _down = { [Symbol.asyncDispose]: async () => void (await platform.cli(['down', '--all'])) };
    await platform.up();
    const create = ['object-store', 'create', 'pictures'];
    expect(await platform.cli(create)).toMatchObject({ code: 7, stderr: expect.stringContaining('disk is full') });
    expect(await platform.json(['object-store', 'list'])).toEqual([]);

    await disk.resize(400 * MiB);
    await waitUntil(async () => (await platform.cli(create)).code === 0, { timeoutMs: 60_000, what: 'the bucket' });
    await platform.run(['object-store', 'put', 'pictures', '-', 'after'], { input: 'kept' });
  },
);

test.skipIf(!root)(
  '(needs root to mount) a rotation of the master key that finds no room ends when there is some',
  async () => {
    await using platform = await TestPlatform.create();
    const keyFile = join(platform.directory, 'master.key'); // on a disk that has room: so it is begun
    platform.env.HOLDFAST_MASTER_KEY_FILE = keyFile;
    const keys = async () => (await readFile(keyFile, 'utf8')).trim().split('\n').length;
    await mkdir(platform.dataDirectory);
    await using disk = await mountSmallDisk(platform.dataDirectory, 400 * MiB);
    await using _down = { [Symbol.asyncDispose]: async () => void (await platform.cli(['down', '--all'])) };
    await platform.up();
    await platform.run(['object-store', 'create', 'pictures']);
    await platform.run(['object-store', 'put', 'pictures', '-', 'before'], { input: 'kept' });
    const kept = () => platform.run(['object-store', 'get', 'pictures', 'before', '-']);

    await disk.fill();
    const rotate = await platform.cli(['master-key', 'rotate']);
    expect(rotate).toMatchObject({ code: 7, stderr: expect.stringContaining('disk is full') });
    expect(await keys()).toBe(2);
    expect(await kept()).toBe('kept');
    await platform.kill9();
    await platform.up();
    expect(await kept()).toBe('kept');
    expect(await keys()).toBe(2);

    await disk.empty();
    await waitUntil(async () => (await keys()) === 1, { timeoutMs: 60_000, what: 'the end of the rotation' });
    expect(await kept()).toBe('kept');
  },
);

/** A platform whose data are on a disk of 400 MiB, with the notes app and a bucket; all gone with `stack`. */
async function notesOnSmallDisk(stack: AsyncDisposableStack) {
  const platform = stack.use(await TestPlatform.create());
  await mkdir(platform.dataDirectory);
  const disk = stack.use(await mountSmallDisk(platform.dataDirectory, 400 * 1024 * 1024));
  stack.defer(async () => void (await platform.cli(['down', '--all'])));
  await platform.up();
  const app = await sampleApp('notes-app', platform.directory);
  await platform.run(['deploy', app.path]);
  await platform.run(['object-store', 'create', 'pictures', '--app', 'notes']);
  return { platform, disk, app };
}

async function client(platform: TestPlatform): Promise<S3Client> {
  const keys = await platform.json<BucketCredentials>(['object-store', 'keys', 'pictures']);
  return new S3Client({
    endpoint: keys.endpoint,
    region: keys.region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
  });
}

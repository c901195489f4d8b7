import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { MasterKeyRotationView, MasterKeyView } from '../../src/control/master-key-view.ts';
import type { BucketCredentials } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { signedRequest } from '../support/signed-request.ts';
import { TestPlatform } from '../support/test-platform.ts';

const LARGE = Buffer.alloc(2_000_000, 'large');

test('another master key takes the place of the present one while everything goes on', async () => {
  await using platform = await platformWithSecrets();
  const keys = keysOf(platform);
  const client = await clientOf(platform);
  const objects = new Map<string, Buffer>([
    ['small', Buffer.from('small')],
    ['large', LARGE],
  ]);
  for (const [key, bytes] of objects) expect(await client.put(key, bytes)).toBe(200);
  const first = await platform.json<MasterKeyView>(['master-key', 'show']);
  await copyFile(keys.file, keys.copy);

  const load = new Load(client);
  await load.rounds(3);
  const rotated = await platform.json<MasterKeyRotationView>(['master-key', 'rotate']);
  expect(rotated).toMatchObject({ rotating: false, earlierGone: true, resealed: { webhooks: 1, secrets: 2 } });
  expect(rotated.resealed).toMatchObject({ buckets: 1, accessKeys: 1 });
  expect(rotated.id).not.toBe(first.id);
  expect(await platform.run(['master-key', 'rotate'])).toMatch(
    /1 bucket key, 1 access key, 1 webhook secret and 2 secr/,
  );
  await load.rounds(3);
  for (const [key, bytes] of await load.stop()) objects.set(key, bytes);
  await client.expectAll(objects);

  await platform.run(['down']);
  const present = await readFile(keys.file);
  await copyFile(keys.copy, keys.file);
  await expectRefused(platform, 'encrypted with key');
  await rm(keys.record); // even so
  await expectRefused(platform, /is not the one/);
  await writeFile(keys.file, present);
  await platform.up();
  await client.expectAll(objects);
  expect(await readFile(keys.record, 'utf8')).toContain(
    (await platform.json<MasterKeyView>(['master-key', 'show'])).id,
  );
});

test('a rotation that dies in its midst loses nothing and is ended by the next start', async () => {
  await using platform = await platformWithSecrets();
  const keys = keysOf(platform);
  const client = await clientOf(platform);
  const before = new Map([['large', LARGE]]);
  await client.put('large', LARGE);
  const objects = await platform.rolePid('objects');
  process.kill(objects ?? 0, 'SIGSTOP'); // seals nothing, so the rotation waits
  const rotation = platform.cli(['master-key', 'rotate']);
  await waitUntil(async () => (await keys.lines()).length === 2, { timeoutMs: 60_000, what: 'both keys' });
  const [next] = await keys.lines();
  expect((await platform.json<MasterKeyView>(['master-key', 'show'])).rotating).toBe(true);
  await platform.kill9();
  expect((await rotation).code).not.toBe(0);
  await platform.up();
  await waitUntil(async () => (await keys.lines()).length === 1, {
    timeoutMs: 60_000,
    what: 'the end of the rotation',
  });
  expect(await keys.lines()).toEqual([next]);
  await client.expectAll(before);
  await platform.run(['down']);
  await platform.up();
  await client.expectAll(before);
  expect((await platform.json<MasterKeyView>(['master-key', 'show'])).rotating).toBe(false);
});

test('a key file that is lost, of others or damaged starts nothing and changes nothing', async () => {
  await using platform = await platformWithSecrets();
  const { file } = keysOf(platform);
  const right = await readFile(file);
  await rm(file);
  const shown = await platform.cli(['master-key', 'show']);
  expect(shown.stderr).toContain('there is no master key in');
  expect(shown.stderr).toContain('holdfast master-key restore');
  expect(await platform.run(['master-key', 'restore'])).toContain('is back in');
  expect(await readFile(file)).toEqual(right);
  expect(await platform.run(['master-key', 'restore'])).toContain('was not lost');
  await rm(file);
  await platform.run(['down']);
  await expectRefused(platform, 'there is no master key in');
  await expect(readFile(file)).rejects.toThrow('ENOENT');
  await writeFile(file, `${Buffer.alloc(32, 1).toString('base64')}\n`);
  await expectRefused(platform, 'encrypted with key');
  await writeFile(file, right.subarray(0, 20));
  await expectRefused(platform, 'is damaged');
  await writeFile(file, right);
  await platform.up();
  expect(await platform.run(['secrets', 'list', '--app', 'a'])).toContain('TOKEN');
});

test('the key may be in a file of the operator', async () => {
  await using platform = await TestPlatform.create();
  const file = join(platform.directory, 'elsewhere', 'key');
  platform.env.HOLDFAST_MASTER_KEY_FILE = file;
  await platform.up();
  await platform.run(['secrets', 'set', 'TOKEN=x', '--app', 'a']);
  const [before] = (await readFile(file, 'utf8')).split('\n');
  const own = Buffer.alloc(32, 7).toString('base64');
  await writeFile(file, `${own}\n${before}\n`);
  await platform.run(['master-key', 'rotate']);
  expect(await readFile(file, 'utf8')).toBe(`${own}\n`);
  await platform.run(['down']);
  delete platform.env.HOLDFAST_MASTER_KEY_FILE;
  await expectRefused(platform, 'there is no master key in');
});

/** Something of all that the master key seals, but objects. */
async function platformWithSecrets(): Promise<TestPlatform> {
  const platform = await TestPlatform.create();
  platform.env.HOLDFAST_S3_GATEWAYS = '1';
  await platform.up();
  await platform.run(['object-store', 'create', 'data', '--app', 'a']);
  await platform.run(['object-store', 'webhooks', 'add', 'hook', 'https://hooks.invalid/']);
  await platform.run(['secrets', 'set', 'TOKEN=x', '--app', 'a']);
  await platform.run(['secrets', 'set', 'TOKEN=y', '--app', 'a']);
  return platform;
}

function keysOf({ dataDirectory }: TestPlatform) {
  const file = join(dataDirectory, 'keys', 'master.key');
  return {
    file,
    copy: join(dataDirectory, '..', 'copy'),
    record: join(dataDirectory, 'master-key.json'),
    lines: async () => (await readFile(file, 'utf8')).trim().split('\n'),
  };
}

async function expectRefused(platform: TestPlatform, how: string | RegExp): Promise<void> {
  const { code, stderr } = await platform.cli(['up', '--detach']);
  expect(stderr).toMatch(how);
  expect(code).toBe(2);
  expect(await platform.pids()).toEqual([]);
}

type Client = Awaited<ReturnType<typeof clientOf>>;

async function clientOf(platform: TestPlatform) {
  const key = await platform.json<BucketCredentials>(['object-store', 'keys', 'show', 'data']);
  const server = { port: platform.s3Port, key };
  const path = (name: string) => `/${key.bucket}/${name}`;
  return {
    put: async (name: string, body: Buffer) =>
      (await signedRequest(server, { method: 'PUT', path: path(name), body: Uint8Array.from(body) })).status,
    get: async (name: string) => await signedRequest(server, { method: 'GET', path: path(name) }),
    async expectAll(objects: ReadonlyMap<string, Buffer>) {
      for (const [name, bytes] of objects) {
        const { status, bytes: found } = await this.get(name);
        expect(status, name).toBe(200);
        expect(found.equals(bytes), name).toBe(true);
      }
    },
  };
}

/** Writes and reads back, small and large, until stopped. */
class Load {
  readonly #objects = new Map<string, Buffer>();
  readonly #running: Promise<void>[];
  #rounds = 0;
  #stopped = false;

  constructor(client: Client) {
    this.#running = [100, 300_000].map((size) => this.#run(client, size));
  }

  async rounds(more: number): Promise<void> {
    const goal = this.#rounds + more;
    await waitUntil(() => this.#rounds >= goal, { timeoutMs: 60_000, what: 'writes' });
  }

  async stop(): Promise<ReadonlyMap<string, Buffer>> {
    this.#stopped = true;
    await Promise.all(this.#running);
    return this.#objects;
  }

  async #run(client: Client, size: number): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const name = `load-${size}-${n % 50}`;
      const bytes = Buffer.alloc(size, `${name} ${n} `);
      expect(await client.put(name, bytes), name).toBe(200);
      this.#objects.set(name, bytes);
      expect((await client.get(name)).bytes.equals(bytes), name).toBe(true);
      this.#rounds++;
      await sleep(2);
    }
  }
}

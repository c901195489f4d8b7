import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Storage } from '../../sdk/src/index.ts';
import { createKeyOperations } from '../../src/control/operations/keys.ts';
import type { ControlContext } from '../../src/control/reconcile/context.ts';
import { systemClock } from '../../src/core/clock.ts';
import { exec } from '../../src/core/exec.ts';
import { Keyring } from '../../src/core/keyring.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { startObjectsRole } from '../../src/objects/objects-role.ts';
import { CLI_PROGRAM, type CliOptions, runCliProcess } from '../support/cli-process.ts';
import { type FakeApi, startFakeApi, TOKEN } from '../support/fake-api.ts';
import { roleClient, TEST_CODE } from '../support/role-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** `holdfast object-store ls|put|get|rm|presign` over S3, with the credentials that the API hands out. */

const resources = new AsyncDisposableStack();
let api: FakeApi;
let directory: string;
let admin: ObjectAdmin;

beforeAll(async () => {
  api = resources.use(await startFakeApi());
  directory = resources.use(await temporaryDirectory()).path;
  const adminSocket = join(directory, 'objects.sock');
  const objects = resources.adopt(
    await startObjectsRole({
      code: TEST_CODE,
      directory,
      keyring: new Keyring(randomBytes(32)),
      port: 0,
      host: '127.0.0.1',
      adminSocket,
      region: 'local',
      log: pino({ level: 'silent' }),
      openStore: async () => new MemoryObjectStore(),
      closeMs: 0,
    }),
    (role) => role.close(),
  );
  admin = roleClient<ObjectAdmin>(adminSocket);
  await admin.ensureBucket({ name: 'images' });
  const key = await admin.ensureKey({ owner: 'operator:images', buckets: ['images'] });
  api.platform.s3 = { endpoint: `http://127.0.0.1:${objects.port}`, region: 'local', ...key };
  await api.platform.createBucket({ name: 'images' });
  Object.assign(api.platform, keyOperations(admin, api.platform.s3), { webhooks: admin });
});

/** Started before every key of this test, and after. */
const INSTANCES = [
  { id: 'shop-web-1', service: 'web', phase: 'active', createdAt: 0 },
  { id: 'shop-web-2', service: 'web', phase: 'active', createdAt: Date.now() + 3600_000 },
];

/** The product's own, over the objects role; of control's state they need the names of buckets, and instances. */
function keyOperations(objects: ObjectAdmin, { endpoint, region }: { endpoint: string; region: string }) {
  return createKeyOperations({
    state: {
      storage: { list: async () => [{ id: 'buc_1', name: 'images', realName: null, state: 'active' }] },
      instances: { live: async (app: string) => (app === 'shop' ? INSTANCES : []) },
    },
    drivers: { objects },
    config: { s3PublicUrl: endpoint, region },
    clock: systemClock,
  } as unknown as ControlContext);
}
afterAll(() => resources.disposeAsync());

const store = (args: readonly string[], options: CliOptions = {}) =>
  runCliProcess(['object-store', ...args], {
    cwd: directory,
    ...options,
    env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
  });

it('puts, lists, gets, signs and removes, byte for byte', async () => {
  const picture = randomBytes(300_000);
  await writeFile(join(directory, 'cat.jpg'), picture);
  const put = await store(['put', 'images', 'cat.jpg', 'users/1/cat.jpg']);
  expect(put).toMatchObject({ code: 0, stdout: 'images/users/1/cat.jpg is stored: 300 kB, image/jpeg\n' });
  expect(put.stderr).toMatch(/^Uploading users\/1\/cat\.jpg 300 kB in /);
  expect(await store(['put', 'images', '-', 'notes.txt'], { input: 'hello\n' })).toMatchObject({ code: 0 });

  const top = await store(['ls', 'images']);
  expect(top.stdout).toMatch(/^KEY +SIZE +CHANGED\nnotes\.txt +6 B +.*\nusers\/ +- +-\n$/);
  const all = JSON.parse((await store(['ls', 'images', '-r', '--json'])).stdout) as { key: string }[];
  expect(all.map((object) => object.key)).toEqual(['notes.txt', 'users/1/cat.jpg']);

  expect(await store(['get', 'images', 'users/1/cat.jpg', 'copy.jpg'])).toMatchObject({ code: 0 });
  expect(await readFile(join(directory, 'copy.jpg'))).toEqual(picture);
  expect(await store(['get', 'images', 'notes.txt', '-'])).toMatchObject({ code: 0, stdout: 'hello\n', stderr: '' });

  const { stdout: url } = await store(['presign', 'images', 'notes.txt']);
  expect(await (await fetch(url.trim())).text()).toBe('hello\n');
  expect(await store(['presign', 'images', 'note.txt'])).toMatchObject({
    code: 0,
    stderr: 'there is no object "note.txt" yet: until then it answers 404\n',
  });
  const upload = (await store(['presign', 'images', 'new.txt', '--upload'])).stdout.trim();
  expect((await fetch(upload, { method: 'PUT', body: 'new' })).status).toBe(200);

  expect(await store(['rm', 'images', 'notes.txt'])).toMatchObject({ code: 2 });
  expect(await store(['rm', 'images', 'users/', '-r', '--yes'])).toMatchObject({
    code: 0,
    stdout: 'Removed images/users/1/cat.jpg.\n',
  });
  expect(await store(['rm', 'images', 'notes.txt', 'new.txt', '--yes'])).toMatchObject({ code: 0 });
  expect(await store(['ls', 'images'])).toMatchObject({ code: 0, stdout: 'Nothing in images.\n' });
});

it('says what is missing and leaves no half of a file', async () => {
  const absent = await store(['get', 'images', 'nothing.txt']);
  expect(absent).toMatchObject({ code: 3, stdout: '' });
  expect(absent.stderr).toContain('the bucket "images" has no object "nothing.txt"');
  expect(await store(['put', 'images', 'no-such-file'])).toMatchObject({ code: 3, stdout: '' });
  expect(await store(['ls', 'no-such-bucket'])).toMatchObject({ code: 3, stdout: '' });
  expect((await store(['ls', 'no/such?bucket'])).stderr).toContain('there is no bucket "no/such?bucket"');
  expect((await store(['ls', 's3://images/users/'])).stderr).toContain('write images users/');
  expect((await readdir(directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it('removes what was meant and nothing beside it, and says what is not there', async () => {
  for (const key of ['u/1', 'u/1/a', 'u/10/b', 'last']) await store(['put', 'images', '-', key], { input: 'x' });
  const removed = JSON.parse((await store(['rm', 'images', 'u/1', '-r', '--yes', '--json'])).stdout);
  expect(removed).toEqual({ bucket: 'images', removed: ['u/1', 'u/1/a'], missing: [] });
  expect(await store(['rm', 'images', 'lost', '--yes'])).toMatchObject({
    code: 3,
    stdout: '',
    stderr: expect.stringContaining('the bucket "images" has no object "lost"'),
  });
  expect(await store(['rm', 'images', 'las', 'last', '--yes'])).toMatchObject({
    code: 3,
    stdout: 'Removed images/last.\n',
    stderr: 'not there: las\n',
  });
  expect(await store(['rm', 'images', 'u/', 'v/', '-r', '--yes'])).toMatchObject({
    code: 3,
    stderr: 'not there: v/\n',
  });
  expect(await store(['rm', 'images', '', '-r', '--yes'])).toMatchObject({ code: 0, stdout: 'Nothing to remove.\n' });
});

it('takes a directory for one, up and down, and a prefix without a key for misspelt', async () => {
  await writeFile(join(directory, 'note.txt'), 'x');
  expect((await store(['put', 'images', 'note.txt', 'docs/'])).stdout).toMatch(/^images\/docs\/note\.txt is stored/);
  expect(await store(['put', 'images', '-', 'docs/'], { input: 'x' })).toMatchObject({ code: 2 });
  const missing = await store(['get', 'images', 'dosc', '-r']);
  expect(missing).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('nothing under "dosc/" in the bucket "images"'),
  });
  await store(['rm', 'images', '', '-r', '--yes']);
});

it('puts an object into the file that is meant: with its mode, behind a link, and never in place of a device', async () => {
  await store(['put', 'images', '-', 'secret'], { input: 'new' });
  await mkdir(join(directory, 'place'));
  const at = (name: string) => join(directory, 'place', name);
  await writeFile(at('file'), 'old', { mode: 0o600 });
  await symlink('file', at('link'));
  expect(await store(['get', 'images', 'secret', 'place/link'])).toMatchObject({ code: 0 });
  expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
  expect([await readFile(at('file'), 'utf8'), (await stat(at('file'))).mode & 0o777]).toEqual(['new', 0o600]);
  await exec(['mkfifo', at('pipe')]);
  expect(await store(['get', 'images', 'secret', 'place/pipe'])).toMatchObject({ code: 2 });
  expect((await lstat(at('pipe'))).isFIFO()).toBe(true);
  expect((await readdir(at('.'))).sort()).toEqual(['file', 'link', 'pipe']);
  await store(['rm', 'images', 'secret', '--yes']);
});

it('shows a key on one line, whatever it holds, and gives it as it is with --json', async () => {
  const key = 'new\nline\u001b[2J';
  await store(['put', 'images', '-', key], { input: 'x' });
  expect((await store(['ls', 'images'])).stdout.split('\n')[1]).toMatch(/^new\\nline\\x1b\[2J +1 B/);
  expect(JSON.parse((await store(['ls', 'images', '--json'])).stdout)).toMatchObject([{ key }]);
  expect(await store(['rm', 'images', key, '--yes'])).toMatchObject({ code: 0 });
});

it.skipIf(!existsSync('/dev/full'))('says that what reads its output has no room', async () => {
  await using full = await open('/dev/full', 'w');
  await using told = await open(join(directory, 'told'), 'w+');
  const child = spawn(process.execPath, [CLI_PROGRAM, 'object-store', 'list'], {
    env: { PATH: process.env.PATH, HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
    stdio: ['ignore', full.fd, told.fd],
  });
  const [code] = await once(child, 'exit');
  expect(code).toBe(7);
  expect(await readFile(join(directory, 'told'), 'utf8')).toMatch(
    /^error: cannot write the output: its disk is full\n/,
  );
});

it('ends with what stands for "full" where a quota is', async () => {
  await admin.ensureBucket({ name: 'images', quota: 10 });
  const put = await store(['put', 'images', '-', 'large'], { input: 'x'.repeat(11) });
  expect(put).toMatchObject({ code: 7, stderr: expect.stringMatching(/quota.*\nhint: {2}remove something/s) });
  await admin.ensureBucket({ name: 'images', quota: null });
});

it('sets, prints and unsets a policy', async () => {
  const policy = {
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::images/*' }],
  };
  await writeFile(join(directory, 'policy.json'), JSON.stringify(policy));
  await store(['put', 'images', '-', 'open.txt'], { input: 'open' });
  const url = `${api.platform.s3?.endpoint}/images/open.txt`;
  expect((await fetch(url)).status).toBe(403);
  expect(await store(['policy', 'set', 'images', 'policy.json'])).toMatchObject({
    code: 0,
    stdout: 'The policy of images is set.\n',
  });
  expect((await fetch(url)).status).toBe(200);
  expect(JSON.parse((await store(['policy', 'get', 'images'])).stdout)).toEqual(policy);
  expect(await store(['policy', 'unset', 'images'])).toMatchObject({ code: 0 });
  expect((await fetch(url)).status).toBe(403);
  const gone = await store(['policy', 'get', 'images']);
  expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('the bucket policy does not exist')]);
});

it('says what is wrong with a policy', async () => {
  const wrong = await store(['policy', 'set', 'images', '-'], { input: '{"Statement":[{}]}' });
  expect([wrong.code === 0, wrong.stderr]).toEqual([false, expect.stringContaining('Missing required field Effect')]);
});

it('sets, prints and unsets a website configuration', async () => {
  const website = {
    IndexDocument: { Suffix: 'index.html' },
    RoutingRules: [
      { Condition: { KeyPrefixEquals: 'a&b/' }, Redirect: { ReplaceKeyPrefixWith: 'c/', HttpRedirectCode: '302' } },
    ],
  };
  const set = await store(['website', 'set', 'images', '-'], { input: JSON.stringify(website) });
  expect(set).toMatchObject({ code: 0 });
  expect(JSON.parse((await store(['website', 'get', 'images'])).stdout)).toEqual(website);
  expect(await store(['website', 'unset', 'images'])).toMatchObject({ code: 0 });
  const gone = await store(['website', 'get', 'images']);
  expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('website configuration')]);
});

it('sets, prints and unsets CORS rules', async () => {
  const rules = {
    CORSRules: [{ ID: 'a&b', AllowedOrigins: ['https://*.example', '*'], AllowedMethods: ['GET'], MaxAgeSeconds: 60 }],
  };
  const set = await store(['cors', 'set', 'images', '-'], { input: JSON.stringify(rules) });
  expect(set).toMatchObject({ code: 0, stdout: 'The cors of images is set.\n' });
  expect(JSON.parse((await store(['cors', 'get', 'images'])).stdout)).toEqual(rules);
  expect(await store(['cors', 'unset', 'images'])).toMatchObject({ code: 0 });
  const wrong = await store(['cors', 'set', 'images', '-'], { input: '{"CORSRules":[{"Origins":[]}]}' });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('these are no CORS rules') });
});

it('sets, prints and unsets lifecycle rules', async () => {
  const Status = 'Enabled';
  const rules = {
    Rules: [
      { ID: 'all', Filter: {}, Status, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
      {
        ID: 'some',
        Filter: { And: { Prefix: 'a&b/', ObjectSizeGreaterThan: 10, Tags: [{ Key: 'keep', Value: '1' }] } },
        Status,
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 3, NewerNoncurrentVersions: 2 },
      },
      { ID: 'markers', Prefix: 'x', Status: 'Disabled', Expiration: { ExpiredObjectDeleteMarker: true } },
    ],
  };
  const set = await store(['lifecycle', 'set', 'images', '-'], { input: JSON.stringify(rules) });
  expect(set).toMatchObject({ code: 0 });
  expect(JSON.parse((await store(['lifecycle', 'get', 'images'])).stdout)).toEqual(rules);
  expect(await store(['lifecycle', 'unset', 'images'])).toMatchObject({ code: 0 });
  const wrong = await store(['lifecycle', 'set', 'images', '-'], { input: '{"Rules":[{"Expiration":{}}]}' });
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('these are no lifecycle rules') });
});

it('sets, prints and unsets where the access log goes', async () => {
  expect(await store(['logging', 'get', 'images'])).toMatchObject({ code: 0, stdout: 'images has no access log.\n' });
  expect(await store(['logging', 'set', 'images', 'images'])).toMatchObject({
    code: 0,
    stdout: 'The access log of images goes to images/images/, within some minutes.\n',
  });
  expect((await store(['logging', 'get', 'images'])).stdout).toBe('images/images/\n');
  await store(['logging', 'set', 'images', 'images', '--prefix', 'a&b/', '--by-date', 'delivery']);
  const { stdout } = await store(['logging', 'get', 'images', '--json']);
  expect(JSON.parse(stdout)).toEqual({ bucket: 'images', target: 'images', prefix: 'a&b/', byDate: 'delivery' });
  expect(await store(['logging', 'unset', 'images'])).toMatchObject({ code: 0 });
  expect((await store(['logging', 'get', 'images'])).stdout).toBe('images has no access log.\n');
  const wrong = await store(['logging', 'set', 'images', 'nowhere']);
  expect([wrong.code === 0, wrong.stderr]).toEqual([false, expect.stringContaining('there is no bucket "nowhere"')]);
});

describe('keys', () => {
  const environmentOf = (text: string) =>
    Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s))) as Env;
  const storageOf = ({ BUCKET_NAME: bucket, ...env }: Env) =>
    new Storage(bucket, {
      endpoint: env.AWS_ENDPOINT_URL_S3,
      region: env.AWS_REGION,
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    });
  const statusOf = (work: Promise<unknown>) =>
    work.then(
      () => 200,
      (error: { status?: number }) => error.status,
    );

  it('prints the key of one bucket, as before', async () => {
    const { stdout } = await store(['keys', 'images']);
    expect(Object.keys(environmentOf(stdout.trim()))).toEqual([
      'BUCKET_NAME',
      'AWS_ENDPOINT_URL_S3',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
    ]);
    expect((await store(['credentials', 'images'])).stdout).toBe(stdout);
  });

  it('makes one that reaches what was said, lists it without its secret, rotates and revokes it', async () => {
    const args = ['create', 'images', '--prefix', 'in/', '--write-only', '--expires', '30d', '--description', 'camera'];
    const made = environmentOf((await store(['keys', ...args])).stdout.trim());
    expect(await statusOf(storageOf(made).put('in/a', 'a'))).toBe(200);
    expect(await statusOf(storageOf(made).put('a', 'a'))).toBe(403);
    expect(await statusOf(storageOf(made).get('in/a'))).toBe(403);

    const id = made.AWS_ACCESS_KEY_ID;
    const listed = await store(['keys', 'list']);
    expect(listed.stdout).toMatch(new RegExp(`${id} +key:\\w+ +images/in/\\* \\(write only\\) .* in 29d +camera`));
    const all = await store(['keys', 'list', '--json']);
    for (const { stdout } of [listed, all]) expect(stdout).not.toContain(made.AWS_SECRET_ACCESS_KEY);

    const next = environmentOf((await store(['keys', 'rotate', id, '--grace', '2h'])).stdout.trim());
    for (const env of [made, next]) expect(await statusOf(storageOf(env).put('in/a', 'a'))).toBe(200);
    expect((await store(['keys', 'list'])).stdout).toMatch(
      new RegExp(`${id} .* in 1h +replaced by ${next.AWS_ACCESS_KEY_ID}`),
    );
    expect(await store(['keys', 'rotate', id])).toMatchObject({ code: 5 });

    expect(await store(['keys', 'revoke', id])).toMatchObject({ code: 0, stdout: `The key ${id} is revoked.\n` });
    expect(await statusOf(storageOf(made).put('in/a', 'a'))).toBe(403);
    expect(await statusOf(storageOf(next).put('in/a', 'a'))).toBe(200);
    expect(await store(['keys', 'revoke', id])).toMatchObject({ code: 3 });
  });

  it('says how long a replaced key goes on, who still runs with it, and what to do', async () => {
    const rotate = (id: string | undefined, grace: string) => store(['keys', 'rotate', id ?? '', '--grace', grace]);
    const made = environmentOf((await store(['keys', 'create', 'images'])).stdout.trim());
    const plain = await rotate(made.AWS_ACCESS_KEY_ID, '2h');
    expect(plain.stderr).toMatch(/^The old key HFAK\w+ goes on until \d{4}-\d\d-\d\d \d\d:\d\d UTC \(in 1h\)\.\n$/);

    const first = await admin.ensureKey({ owner: 'shop/web', buckets: ['images'] });
    const { stdout, stderr } = await rotate(first.accessKeyId, '2h');
    expect(stderr).toContain(`The old key ${first.accessKeyId} goes on until`);
    expect(stderr).toContain(
      'and shop/web still runs with it: shop-web-1.\nDeploy shop before then: `holdfast deploy`',
    );
    const second = environmentOf(stdout.trim()).AWS_ACCESS_KEY_ID;
    expect((await store(['keys', 'list'])).stdout).toContain(`replaced by ${second}, still used by shop-web-1\n`);
    const again = await rotate(second, '0s');
    expect(again.stderr).toContain(`The old key ${second} has ended.`);
  });

  it('ends at once what was signed with a key that is revoked or has no grace', async () => {
    const made = environmentOf((await store(['keys', 'create', 'images'])).stdout.trim());
    await storageOf(made).put('signed', 'x');
    const url = await storageOf(made).url('signed', { expiresIn: 600 });
    expect((await fetch(url)).status).toBe(200);
    const { stdout } = await store(['keys', 'rotate', made.AWS_ACCESS_KEY_ID, '--grace', '0s']);
    const expired = await fetch(url);
    expect([expired.status, await expired.text()]).toEqual([400, expect.stringContaining('<Code>ExpiredToken</Code>')]);
    const next = environmentOf(stdout.trim());
    const nextUrl = await storageOf(next).url('signed', { expiresIn: 600 });
    expect((await fetch(nextUrl)).status).toBe(200);
    await store(['keys', 'revoke', next.AWS_ACCESS_KEY_ID]);
    const revoked = await fetch(nextUrl);
    expect([revoked.status, await revoked.text()]).toEqual([403, expect.stringContaining('InvalidAccessKeyId')]);
  });

  it.each([
    [['create'], 'no bucket is named'],
    [['create', 'images', '--read-only', '--write-only'], 'exclude each other'],
    [['create', 'images', '--all-buckets'], '--all-buckets is for everything'],
    [['create', 'images', '--expires', 'soon'], 'is not a duration'],
    [['create', 'images', '--expires', '0s'], 'expiresInSeconds'],
  ])('refuses %j', async (args, message) => {
    expect(await store(['keys', ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('knows no such bucket', async () => {
    expect(await store(['keys', 'create', 'nothing'])).toMatchObject({ code: 3 });
  });
});

interface Env {
  readonly BUCKET_NAME: string;
  readonly AWS_ENDPOINT_URL_S3: string;
  readonly AWS_REGION: string;
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
}

it('registers a webhook, sends a bucket’s events to it, and shows what did not reach it', async () => {
  const added = await store(['webhooks', 'add', 'hook', 'https://127.0.0.1:1/events']);
  expect(added).toMatchObject({ code: 0 });
  expect(added.stdout).toMatch(/^The webhook hook is at .*\nIts secret, shown this once: whsec_\S{44}\n$/);
  expect((await store(['webhooks', 'add', 'hook', 'https://127.0.0.1:1/'])).stdout).not.toContain('whsec_');

  const subscribed = await store(['events', 'subscribe', 'images', 'hook', '--prefix', 'a & b/', '--suffix', '.jpg']);
  expect(subscribed).toMatchObject({ code: 0, stdout: 'images sends its events to hook.\n' });
  const listed = await store(['events', 'subscriptions', 'images', '--json']);
  const events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];
  expect(JSON.parse(listed.stdout)).toEqual([
    { id: 'hook', as: 'Queue', webhook: 'hook', events, prefix: 'a & b/', suffix: '.jpg' },
  ]);
  expect(await store(['events', 'subscribe', 'images', 'nobody', '--id', 'x', '--prefix', 'z'])).toMatchObject({
    code: 2,
  });

  const tested = await store(['webhooks', 'test', 'hook']);
  expect(tested.code).not.toBe(0);
  expect(tested.stderr).toContain('127.0.0.1 is at 127.0.0.1, which is no public address');
  expect(await store(['events', 'failed', 'hook'])).toMatchObject({ code: 0, stdout: 'Nothing failed.\n' });
  expect(await store(['events', 'replay', 'hook', '--all'])).toMatchObject({ stdout: '0 events are sent again.\n' });
  expect(await store(['events', 'drop', 'hook'])).toMatchObject({ code: 2 });

  expect((await store(['webhooks', 'remove', 'hook'])).stderr).toContain('gets the events of images');
  expect(await store(['events', 'unsubscribe', 'images', 'hook'])).toMatchObject({ code: 0 });
  expect(await store(['events', 'unsubscribe', 'images', 'hook'])).toMatchObject({ code: 3 });
  expect(await store(['webhooks', 'remove', 'hook'])).toMatchObject({ code: 0 });
  expect(await store(['webhooks', 'list'])).toMatchObject({ stdout: 'No webhooks yet.\n' });
});

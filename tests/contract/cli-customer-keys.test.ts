import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';

/** `holdfast object-store … --sse-c-key-file`: objects under keys that the store does not keep. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);
const KEY = ['--sse-c-key-file', 'key'];
const OTHER = ['--sse-c-key-file', 'other'];
const large = randomBytes(9 * 1024 * 1024);

async function write(name: string, content: string | Uint8Array): Promise<void> {
  await writeFile(join(bed.directory, name), content, { mode: 0o600 });
}

beforeAll(async () => {
  bed = await startCliObjects();
  await write('key', randomBytes(32));
  await write('other', `${randomBytes(32).toString('base64')}\n`);
  await write('large', large);
  await store(['put', 'images', '-', 'small', ...KEY], { input: 'secret' });
});
afterAll(() => bed[Symbol.asyncDispose]());

it('stores and reads under a key, by parts too, and shows that the object is under one', async () => {
  const put = await store(['put', 'images', 'large', ...KEY]);
  expect(put).toMatchObject({ code: 0, stderr: expect.not.stringContaining('key') });
  expect(await store(['get', 'images', 'large', 'back', ...KEY])).toMatchObject({ code: 0 });
  expect(large.equals(await readFile(join(bed.directory, 'back')))).toBe(true);
  expect(await store(['get', 'images', 'small', '-', ...KEY])).toMatchObject({ code: 0, stdout: 'secret' });
  expect((await store(['stat', 'images', 'small', ...KEY])).stdout).toMatch(/^encryption +SSE-C$/m);
});

it('says what to do without the key, with another one, and with one that is not needed', async () => {
  await store(['put', 'images', '-', 'plain'], { input: 'plain' });
  for (const command of ['get', 'stat']) {
    const without = await store([command, 'images', 'small']);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--sse-c-key-file') });
    const wrong = await store([command, 'images', 'small', ...OTHER]);
    expect(wrong).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('the key that the object was stored with'),
    });
    const needless = await store([command, 'images', 'plain', ...KEY]);
    expect(needless).toMatchObject({ code: 2, stderr: expect.stringContaining('leave --sse-c-key-file out') });
  }
});

it('says what is no key, and that others can read one', async () => {
  await write('short', 'too short');
  const short = await store(['put', 'images', 'large', '--sse-c-key-file', 'short']);
  expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining('openssl rand -base64 32 > short') });
  const absent = await store(['get', 'images', 'large', '--sse-c-key-file', 'kye']);
  expect(absent).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean key?') });
  await write('shared', await readFile(join(bed.directory, 'key')));
  await chmod(join(bed.directory, 'shared'), 0o640);
  const shared = await store(['get', 'images', 'small', '-', '--sse-c-key-file', 'shared']);
  expect(shared).toMatchObject({ code: 0, stdout: 'secret', stderr: expect.stringContaining('chmod 600 shared') });
});

it('copies to another key, to none, and moves', async () => {
  const [small, copy] = ['s3://images/small', 's3://images/copy'];
  const from = ['--source-sse-c-key-file', 'key'];
  expect(await store(['cp', small, copy, ...from, ...OTHER])).toMatchObject({ code: 0 });
  expect(await store(['get', 'images', 'copy', '-', ...OTHER])).toMatchObject({ stdout: 'secret' });
  expect(await store(['cp', small, copy, ...from])).toMatchObject({ code: 0 });
  expect(await store(['get', 'images', 'copy', '-'])).toMatchObject({ stdout: 'secret' });
  expect(await store(['cp', small, copy])).toMatchObject({ code: 2 });
  expect(await store(['mv', small, 's3://images/moved', ...KEY])).toMatchObject({ code: 0 });
  expect(await store(['get', 'images', 'moved', '-', ...KEY])).toMatchObject({ stdout: 'secret' });
});

it('makes a directory and a prefix the same under a key, and sees that they are', async () => {
  await mkdir(join(bed.directory, 'tree'));
  await write('tree/a', 'a');
  await write('tree/large', large);
  const up = ['sync', 'tree', 's3://images/tree', ...KEY];
  expect((await store(up)).stdout).toBe('2 copied (9.44 MB).\n');
  expect((await store(up)).stdout).toBe('0 copied (0 B), 2 unchanged.\n');
  const compared = await store([...up, '--checksum']);
  expect(compared).toMatchObject({ code: 2, stderr: expect.stringContaining('leave --checksum out') });
  expect(await store(['sync', 's3://images/tree', 'down', ...KEY])).toMatchObject({ code: 0 });
  expect(large.equals(await readFile(join(bed.directory, 'down/large')))).toBe(true);
  const over = ['sync', 's3://images/tree', 's3://images/second', ...KEY];
  expect((await store(over)).stdout).toContain('2 copied');
  expect((await store(over)).stdout).toContain('2 unchanged');
});

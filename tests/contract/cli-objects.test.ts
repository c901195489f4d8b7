import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { type CliObjectsBed, startCliObjects } from '../support/cli-objects-bed.ts';
import { CLI_PROGRAM } from '../support/cli-process.ts';
import { TOKEN } from '../support/fake-api.ts';

/** `holdfast object-store ls|put|get|rm|presign`. */

let bed: CliObjectsBed;
const store: CliObjectsBed['store'] = (args, options) => bed.store(args, options);

beforeAll(async () => {
  bed = await startCliObjects();
});
afterAll(() => bed[Symbol.asyncDispose]());

it('puts, lists, gets, signs and removes, byte for byte', async () => {
  const picture = randomBytes(300_000);
  await writeFile(join(bed.directory, 'cat.jpg'), picture);
  const put = await store(['put', 'images', 'cat.jpg', 'users/1/cat.jpg']);
  expect(put).toMatchObject({ code: 0, stdout: 'images/users/1/cat.jpg is stored: 300 kB, image/jpeg\n' });
  expect(put.stderr).toMatch(/^Uploading users\/1\/cat\.jpg 300 kB in /);
  expect(await store(['put', 'images', '-', 'notes.txt'], { input: 'hello\n' })).toMatchObject({ code: 0 });

  const top = await store(['ls', 'images']);
  expect(top.stdout).toMatch(/^KEY +SIZE +CHANGED\nnotes\.txt +6 B +.*\nusers\/ +- +-\n$/);
  const all = JSON.parse((await store(['ls', 'images', '-r', '--json'])).stdout) as { key: string }[];
  expect(all.map((object) => object.key)).toEqual(['notes.txt', 'users/1/cat.jpg']);

  expect(await store(['get', 'images', 'users/1/cat.jpg', 'copy.jpg'])).toMatchObject({ code: 0 });
  expect(await readFile(join(bed.directory, 'copy.jpg'))).toEqual(picture);
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
  expect((await readdir(bed.directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it('says what is not there, and what to do', async () => {
  await store(['put', 'images', '-', 'here'], { input: 'x' });
  await store(['snapshots', 'create', 'images', 'monday']);
  for (const [line, message, hint] of [
    ['get images here --version-id none', '"here" in the bucket "images" has no version none', 'here --versions'],
    ['get images here --snapshot none', 'the bucket "images" has no snapshot none', 'snapshots list images'],
    ['get images later --snapshot monday', 'the snapshot monday of the bucket', 'ls images --snapshot monday'],
    ['snapshots create images monday', 'has a snapshot monday already (SnapshotAlreadyExists)', 'another name'],
    ['policy get images', 'error: the bucket policy does not exist (NoSuchBucketPolicy)', 'policy set <bucket> <file>'],
  ] as const) {
    const { code, stderr } = await store(line.split(' '));
    const [error, next] = stderr.split('\nhint:');
    const expected = [line, false, expect.stringContaining(message), expect.stringContaining(hint)];
    expect([line, code === 0, error, next]).toEqual(expected);
  }
  expect(await store(['snapshot', 'destroy', 'images', 'monday', '--yes'])).toMatchObject({ code: 0 });
  expect(await store(['rm', 'images', 'here', '--yes'])).toMatchObject({ code: 0 });
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
  await writeFile(join(bed.directory, 'note.txt'), 'x');
  expect((await store(['put', 'images', 'note.txt', 'docs/'])).stdout).toMatch(/^images\/docs\/note\.txt is stored/);
  expect(await store(['put', 'images', '-', 'docs/'], { input: 'x' })).toMatchObject({ code: 2 });
  const missing = await store(['get', 'images', 'dosc', '-r']);
  expect(missing).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('nothing under "dosc/" in the bucket "images"'),
  });
  await store(['rm', 'images', '', '-r', '--yes']);
});

it('says of what it uploads what caches are to be told', async () => {
  await bed.admin.ensureBucket({ name: 'images', accessibility: 'public' });
  await mkdir(join(bed.directory, 'pages'));
  await writeFile(join(bed.directory, 'pages', 'a.html'), 'x');
  const told = async (key: string) =>
    (await fetch(`${bed.api.platform.s3?.endpoint}/images/${key}`)).headers.get('cache-control');
  const option = ['--cache-control', 'max-age=60'];
  await store(['put', 'images', join('pages', 'a.html'), 'one', ...option]);
  await store(['put', 'images', '-', 'input', ...option], { input: 'x' });
  await store(['put', 'images', 'pages', 'tree', '-r', ...option]);
  await store(['sync', 'pages', 's3://images/synced', ...option]);
  expect(await Promise.all(['one', 'input', 'tree/a.html', 'synced/a.html'].map(told))).toEqual(
    Array(4).fill('max-age=60'),
  );
  const copy = await store(['sync', 's3://images/tree', 's3://images/copy', ...option]);
  expect(copy).toMatchObject({ code: 2, stderr: expect.stringContaining('for files that are uploaded') });
  await store(['rm', 'images', '', '-r', '--yes']);
  await bed.admin.ensureBucket({ name: 'images', accessibility: 'private' });
});

it('puts an object into the file that is meant: with its mode, behind a link, and never in place of a device', async () => {
  await store(['put', 'images', '-', 'secret'], { input: 'new' });
  await mkdir(join(bed.directory, 'place'));
  const at = (name: string) => join(bed.directory, 'place', name);
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
  await using told = await open(join(bed.directory, 'told'), 'w+');
  const child = spawn(process.execPath, [CLI_PROGRAM, 'object-store', 'list'], {
    env: { PATH: process.env.PATH, HOLDFAST_URL: bed.api.url, HOLDFAST_TOKEN: TOKEN },
    stdio: ['ignore', full.fd, told.fd],
  });
  const [code] = await once(child, 'exit');
  expect(code).toBe(7);
  expect(await readFile(join(bed.directory, 'told'), 'utf8')).toMatch(
    /^error: cannot write the output: its disk is full\n/,
  );
});

it('ends with what stands for "full" where a quota is', async () => {
  await bed.admin.ensureBucket({ name: 'images', quota: 10 });
  const put = await store(['put', 'images', '-', 'large'], { input: 'x'.repeat(11) });
  expect(put).toMatchObject({ code: 7, stderr: expect.stringMatching(/quota.*\nhint: {2}remove something/s) });
  await bed.admin.ensureBucket({ name: 'images', quota: null });
});

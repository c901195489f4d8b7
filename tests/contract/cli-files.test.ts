import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliOptions, runCliProcess } from '../support/cli-process.ts';
import { type FakeApi, startFakeApi, TOKEN } from '../support/fake-api.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { WITHOUT_OVERRIDE } from '../support/without-override.ts';

/** Files that people name on the command line and that are not there, something else, or not theirs. */

const resources = new AsyncDisposableStack();
let api: FakeApi;
let objects: TestObjectStore;
let directory: string;

beforeAll(async () => {
  api = resources.use(await startFakeApi());
  objects = resources.use(await startObjectStore('images'));
  directory = resources.use(await temporaryDirectory()).path;
  const key = await objects.admin.ensureKey({ owner: 'operator:images', buckets: ['images'] });
  api.platform.s3 = { endpoint: objects.endpoint, region: 'local', ...key };
  await api.platform.createBucket({ name: 'images' });
  await mkdir(join(directory, 'photos'));
  await mkdir(join(directory, 'locked'));
  await mkdir(join(directory, 'readonly'), { mode: 0o555 });
  await writeFile(join(directory, 'photos', 'cat.jpg'), 'meow');
  await writeFile(join(directory, 'photos', 'secret.jpg'), 'hush');
  await writeFile(join(directory, 'policy.json'), '{}');
  await chmod(join(directory, 'photos', 'secret.jpg'), 0);
  await chmod(join(directory, 'locked'), 0);
  await holdfast(['object-store', 'put', 'images', 'photos/cat.jpg', 'cat.jpg']);
});
afterAll(async () => {
  await chmod(join(directory, 'locked'), 0o700);
  await resources.disposeAsync();
});

const holdfast = (args: readonly string[], options: CliOptions = {}) =>
  runCliProcess(args, {
    cwd: directory,
    prefix: WITHOUT_OVERRIDE,
    ...options,
    env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
  });

const store = (line: string) => ['object-store', ...line.split(' ')];

describe('what cannot be read', () => {
  it.each<[string[], number, string, string]>([
    [
      store('put images missing.txt'),
      3,
      'there is no file missing.txt',
      'check how it is spelt; the command runs in /',
    ],
    [store('put images photos/cta.jpg'), 3, 'there is no file photos/cta.jpg', 'did you mean photos/cat.jpg?'],
    [store('put images phtos/cat.jpg'), 3, 'there is no file phtos/cat.jpg', 'did you mean photos?'],
    [store('put images policy.json/x'), 3, 'there is no file policy.json/x', 'check how it is spelt'],
    [store('put images photos'), 2, 'photos is a directory', 'add --recursive'],
    [store('put images photos/secret.jpg'), 4, 'this user may not read photos/secret.jpg', 'chmod'],
    [store('put images locked/a.txt'), 4, 'this user may not read locked/a.txt', 'chmod'],
    [store('put images phots -r'), 3, 'there is no directory phots', 'did you mean photos?'],
    [store('put images policy.json -r'), 2, 'policy.json is a file, and a directory is wanted', 'name a directory'],
    [store('sync phots s3://images'), 3, 'there is no directory phots', 'did you mean photos?'],
    [store('sync policy.json s3://images'), 2, 'policy.json is a file, and a directory is wanted', 'name a directory'],
    [store('sync locked s3://images'), 4, 'this user may not read locked', 'chmod'],
    [store('policy set images polcy.json'), 3, 'there is no file polcy.json', 'did you mean policy.json?'],
    [store('cors set images photos'), 2, 'photos is a directory, and a file is wanted', 'name a file'],
    [store('lifecycle set images photos/secret.jpg'), 4, 'this user may not read photos/secret.jpg', 'chmod'],
    [['deploy', 'phots'], 3, 'there is no directory phots', 'did you mean photos?'],
    [['deploy', 'policy.json'], 2, 'policy.json is a file, and a directory is wanted', 'name a directory'],
    [['deploy', 'locked'], 4, 'this user may not read locked/holdfast.yaml', 'chmod'],
    [['deploy', '--file', 'polici.json'], 3, 'there is no file polici.json', 'did you mean policy.json?'],
    [['deploy', '--file', 'photos'], 2, 'photos is a directory, and a file is wanted', 'name a file'],
    [['launch', 'phots'], 3, 'there is no directory phots', 'did you mean photos?'],
  ])('%j ends with %i: %s', async (args, code, message, hint) => {
    const run = await holdfast(args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(`error: ${message}`);
    expect(run.stderr).toMatch(/\nhint: {2}.+\n$/);
    expect(run.stderr.split('\nhint:')[1]).toContain(hint);
    expect(run.stderr).not.toMatch(/E[A-Z]{4,}:|syscall/);
  });

  it('in the midst of a directory is told, and the rest goes on', async () => {
    const run = await holdfast(store('put images photos -r'));
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('failed secret.jpg: this user has no permission for it');
    expect(run.stdout).toMatch(/^1 copied .*1 failed/);
  });
});

describe('what cannot be written', () => {
  it.each<[string[], number, string, string]>([
    [store('get images cat.jpg nowhere/cat.jpg'), 3, 'there is no directory nowhere', 'check how it is spelt'],
    [store('get images cat.jpg policy.json/cat.jpg'), 2, 'policy.json is a file, and a directory is wanted', 'name a'],
    [store('get images cat.jpg locked/cat.jpg'), 4, 'this user may not write locked/cat.jpg', 'chmod'],
    [store('get images cat.jpg /dev/full/cat.jpg'), 2, '/dev/full is a file, and a directory is wanted', 'name a'],
    [store('sync s3://images policy.json'), 2, 'policy.json is a file, and a directory is wanted', 'name a directory'],
    [store('sync s3://images locked/below'), 4, 'this user may not read locked/below', 'chmod'],
    [store('sync s3://images readonly/below'), 4, 'this user may not write readonly/below', 'chmod'],
  ])('%j ends with %i: %s', async (args, code, message, hint) => {
    const run = await holdfast(args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).not.toMatch(/E[A-Z]{4,}:/);
    expect(run.stderr).toContain(`error: ${message}`);
    expect(run.stderr.split('\nhint:')[1]).toContain(hint);
    expect((await readdir(join(directory, 'photos'))).sort()).toEqual(['cat.jpg', 'secret.jpg']);
  });
});

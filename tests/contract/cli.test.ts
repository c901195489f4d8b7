import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppView, DeploymentView, StorageView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { type CliOptions, runCliProcess, startCli } from '../support/cli-process.ts';
import { type FakeApi, startFakeApi, TOKEN } from '../support/fake-api.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** The CLI as scripts and people meet it: a process of its own against the real API over HTTP. */

const appFile = `app: photos
resources:
  web: { type: web-service, properties: { packaging: { type: source } } }
`;

let api: FakeApi;
let temporary: Awaited<ReturnType<typeof temporaryDirectory>>;
let project: string;
let empty: string;

beforeAll(async () => {
  api = await startFakeApi();
  temporary = await temporaryDirectory();
  project = join(temporary.path, 'album');
  empty = join(temporary.path, 'empty');
  await mkdir(join(project, 'node_modules', 'x'), { recursive: true });
  await mkdir(empty);
  await writeFile(join(project, 'holdfast.yaml'), appFile);
  await writeFile(join(project, 'server.js'), 'console.log(1)\n');
  await writeFile(join(project, 'node_modules', 'x', 'index.js'), 'not sent\n');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await temporary[Symbol.asyncDispose]();
});

const holdfast = (args: readonly string[], options: CliOptions = {}) =>
  runCliProcess(args, {
    cwd: empty,
    ...options,
    env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN, ...options.env },
  });

async function succeed(args: readonly string[], options: CliOptions = {}) {
  const run = await holdfast(args, options);
  expect(run).toMatchObject({ code: 0 });
  return { ...run, stdout: plain(run.stdout) };
}

async function json<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
  return JSON.parse((await succeed([...args, '--json'], options)).stdout) as T;
}

/** Ids differ from run to run and have one length. */
const plain = (text: string) =>
  text.replace(/\b(vol|buc|fil|dep|upl)_[0-9a-z]{23}/g, (id) => `${id.slice(0, 4)}${'x'.repeat(23)}`);

describe('before anything is deployed', () => {
  it('creates storage without any app, as the examples of its users do', async () => {
    const volume = await succeed(['volumes', 'create', 'data', '--region', 'ewr', '--size', '25']);
    expect(volume.stdout).toBe('The volume data (vol_xxxxxxxxxxxxxxxxxxxxxxx) of 25 GB is there in ewr.\n');
    const bucket = await succeed(['object-store', 'create', 'my-app-images', '--app', 'my-app']);
    expect(bucket.stdout).toBe('The bucket my-app-images (buc_xxxxxxxxxxxxxxxxxxxxxxx) is there for my-app.\n');
    expect(await json<StorageView[]>(['buckets', 'list', '--app', 'my-app'])).toMatchObject([{ app: 'my-app' }]);
    expect((await succeed(['volumes', 'list'])).stdout).toMatchInlineSnapshot(`
      "NAME  ID                           APP  STATE   REGION  SIZE   USED  ATTACHED TO  CREATED
      data  vol_xxxxxxxxxxxxxxxxxxxxxxx  -    active  ewr     25 GB  0 B   -            3m ago
      "
    `);
  });

  it('says what to do when there is no app', async () => {
    const run = await holdfast(['status']);
    expect(run).toMatchObject({ code: 3, stdout: '' });
    expect(run.stderr).toMatchInlineSnapshot(`
      "error: nothing is deployed yet
      hint:  deploy an app with \`holdfast deploy\`, or begin one with \`holdfast launch\`
      "
    `);
  });
});

describe('deploy', () => {
  it('packs, uploads and follows to the URLs, the progress on stderr', async () => {
    const run = await succeed(['deploy'], { cwd: project });
    expect(run.stdout).toMatchInlineSnapshot(`
      "Release 1 of photos serves.
        web  http://web-photos.localhost:7380
      "
    `);
    expect(run.stderr).toMatch(/^Uploading \d+ B in \d+ms\n/);
    expect(run.stderr.replace(/^Uploading.*\n/, '')).toMatchInlineSnapshot(`
      "==> building: the source has arrived
      installing
      building
      ==> provisioning: provisioning as the app file says
      ==> rolling: rolling as the app file says
      ==> succeeded: every instance is healthy
      "
    `);
    const names: string[] = [];
    await list({ file: api.platform.archives[0] ?? '', onReadEntry: (entry) => names.push(entry.path) });
    expect(
      names
        .map((name) => name.replace(/^\.\//, ''))
        .filter((name) => name !== '')
        .sort(),
    ).toEqual(['holdfast.yaml', 'server.js']);
  });

  it('prints nothing but the deployment with --json', async () => {
    const view = await json<DeploymentView>(['deploy', project]);
    expect(view).toMatchObject({ app: 'photos', release: 2, status: 'succeeded' });
  });

  it('fails with the reason when the release is rolled back', async () => {
    api.platform.outcome = { status: 'rolled-back', reason: 'GET /healthz answered 500' };
    const run = await holdfast(['deploy', project]);
    api.platform.outcome = { status: 'succeeded', reason: 'every instance is healthy' };
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('error: release 3 of photos was rolled back: GET /healthz answered 500\n');
    expect(
      (await succeed(['releases', '--app', 'photos'])).stdout.replace(/(CREATED|\w+ ago|just now) */g, '… '),
    ).toMatchInlineSnapshot(`
      "RELEASE  STATUS       … REASON
      3        rolled-back  … GET /healthz answered 500
      2 *      succeeded    … every instance is healthy
      1        succeeded    … every instance is healthy
      "
    `);
  });

  it('returns at once with --detach, and deploys under another name with --app', async () => {
    const run = await succeed(['deploy', project, '--detach', '--app', 'staging']);
    expect(run.stdout).toMatch(/^Release 1 of staging is on its way;/);
  });

  it('leaves the deployment running at Ctrl-C', async () => {
    api.platform.frozen = true;
    const { child, result } = startCli(['deploy', project], {
      cwd: empty,
      env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
    });
    const before = api.platform.looks;
    await waitUntil(() => api.platform.looks > before, {
      timeoutMs: 20_000,
      what: 'the deployment to be followed',
    });
    child.kill('SIGINT');
    const run = await result;
    api.platform.frozen = false;
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('The deployment goes on without this command.');
  });

  it('leaves nothing behind when Ctrl-C comes before the upload has ended', async () => {
    const stalled = createServer((request) => request.resume()); // takes everything and never answers
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve));
    const proxied = createServer((request, response) => {
      const { port } = (request.url === '/v1/uploads' ? stalled.address() : new URL(api.url)) as { port: number };
      const { method, headers, url } = request;
      const onward = httpRequest({ host: '127.0.0.1', port, method, headers, path: url }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxied.listen(0, '127.0.0.1', resolve));
    const scratch = join(temporary.path, 'scratch');
    await mkdir(scratch);
    const { port } = proxied.address() as { port: number };
    const { child, result } = startCli(['deploy', project], {
      cwd: empty,
      env: { HOLDFAST_URL: `http://127.0.0.1:${port}`, HOLDFAST_TOKEN: TOKEN, TMPDIR: scratch },
    });
    await new Promise((resolve) => stalled.once('request', resolve));
    expect(await readdir(scratch)).toHaveLength(1);
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: 130, stdout: '' });
    expect(await readdir(scratch)).toEqual([]);
    for (const server of [stalled, proxied]) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('goes on with a platform that is started again in between', async () => {
    const first = await startFakeApi();
    const { platform } = first;
    platform.frozen = true;
    const { result } = startCli(['deploy', project], {
      cwd: empty,
      env: { HOLDFAST_URL: first.url, HOLDFAST_TOKEN: TOKEN },
    });
    await waitUntil(() => platform.looks > 0, { timeoutMs: 20_000, what: 'the deployment to be followed' });
    await first[Symbol.asyncDispose]();
    platform.frozen = false;
    await using _second = await startFakeApi({ platform, port: Number(new URL(first.url).port) });
    const run = await result;
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('Release 1 of photos serves.') });
  });

  it('refuses before it sends anything: no app file, a typo, no such directory', async () => {
    const before = await readdir(api.uploadDirectory);
    const missing = await holdfast(['deploy']);
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(missing.stderr).toMatch(/no app file \(holdfast\.yaml.*\n.*holdfast launch/);
    const typo = join(temporary.path, 'typo.yaml');
    await writeFile(typo, appFile.replace('packaging', 'packging'));
    const refused = await holdfast(['deploy', '--file', typo]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/typo\.yaml:3:\d+.*packging.*packaging/s);
    expect((await holdfast(['deploy', join(empty, 'nowhere')])).stderr).toContain('nowhere');
    expect(await readdir(api.uploadDirectory)).toEqual(before);
  });
});

describe('an app', () => {
  it('is the one of the app file, of HOLDFAST_APP or the only one', async () => {
    expect(await json<AppView>(['status'], { cwd: project })).toMatchObject({ name: 'photos' });
    expect(await json<AppView>(['status'], { env: { HOLDFAST_APP: 'photos' } })).toMatchObject({ name: 'photos' });
    const unclear = await holdfast(['status']);
    expect(unclear).toMatchObject({ code: 2, stdout: '' });
    expect(unclear.stderr).toMatch(/which app\? There are 2: photos, staging\n.*--app/);
    await succeed(['apps', 'destroy', 'staging', '--yes']);
    const only = await succeed(['status']);
    expect(only.stderr).toBe('app: photos (the only one)\n');
    const unknown = await holdfast(['status', '--app', 'photoz']);
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
  });

  it('has a status', async () => {
    expect((await succeed(['status', '--app', 'photos'])).stdout).toMatchInlineSnapshot(`
      "photos  release 2

      SERVICE  TYPE         HEALTHY  URL
      web      web-service  1/1      http://web-photos.localhost:7380

      INSTANCE  SERVICE  RELEASE  STATE    STARTED  RESTARTS  VOLUMES
      ins_1     web      2        healthy  3m ago   0
      "
    `);
    expect((await succeed(['apps', 'list'])).stdout).toMatchInlineSnapshot(`
      "APP     RELEASE  HEALTHY  URLS
      photos  2        web 1/1  http://web-photos.localhost:7380
      "
    `);
  });

  it('scales', async () => {
    const scaled = await json<AppView>(['scale', 'web=3', '--app', 'photos']);
    expect(scaled.services).toMatchObject([{ name: 'web', desired: 3 }]);
    expect(await holdfast(['scale', 'web', '--app', 'photos'])).toMatchObject({ code: 2 });
    const typo = await holdfast(['scale', 'web=5', 'wbe=1', '--app', 'photos']);
    expect(typo).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean "web"?') });
    expect((await api.platform.app('photos')).services).toMatchObject([{ name: 'web', desired: 3 }]);
  });

  it('rolls back to the release before, or to the one named', async () => {
    expect((await succeed(['rollback', '--app', 'photos'])).stdout).toContain('Release 1 of photos serves.');
    expect((await succeed(['rollback', 'v2', '--app', 'photos'])).stdout).toContain('Release 2 of photos serves.');
    expect((await holdfast(['rollback', 'latest', '--app', 'photos'])).code).toBe(2);
  });

  it('prints logs, the last ones, as JSON a line, and follows them', async () => {
    for (let i = 1; i <= 3; i++) api.platform.logLines.push({ instance: 'ins_1', service: 'web', line: `hello ${i}` });
    expect((await succeed(['logs', '--app', 'photos', '-n', '2'])).stdout).toBe(
      'web ins_1 hello 2\nweb ins_1 hello 3\n',
    );
    const lines = (await succeed(['logs', '--app', 'photos', '--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(['hello 1', 'hello 2', 'hello 3']);
    const { child, result } = startCli(['logs', '-f', '--app', 'photos'], {
      cwd: empty,
      env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
    });
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk;
    });
    await waitUntil(() => seen.includes('hello 3'), { timeoutMs: 20_000, what: 'the lines' });
    expect(api.platform.followers).toBe(1);
    child.kill('SIGINT');
    await result;
    await waitUntil(() => api.platform.followers === 0, { timeoutMs: 20_000, what: 'its end' });
  });

  it('takes secrets from the command line and the input, and never prints them', async () => {
    const run = await succeed(['secrets', 'set', 'A=one=1', 'B=-', '--app', 'photos'], { input: 'two\nlines\n' });
    expect(Object.fromEntries(api.platform.secretValues)).toEqual({ A: 'one=1', B: 'two\nlines' });
    const listed = await succeed(['secrets', 'list', '--app', 'photos']);
    expect(run.stdout + run.stderr + listed.stdout).not.toMatch(/one|two/);
    await succeed(['secrets', 'unset', 'A', 'B', '--app', 'photos']);
    expect(api.platform.secretValues.size).toBe(0);
    const nobody = await holdfast(['secrets', 'set', 'C', '--app', 'photos']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('C=-');
  });

  it('is destroyed only when that is confirmed', async () => {
    const refused = await holdfast(['apps', 'destroy', 'photos']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--yes');
    await succeed(['apps', 'destroy', 'photos', '--yes']);
    expect(await json<AppView[]>(['apps', 'list'])).toEqual([]);
  });
});

describe('storage', () => {
  it('is shown, extended, snapshotted, destroyed and recovered', async () => {
    expect((await succeed(['volumes', 'show', 'data'])).stdout.replace(/\(\d{4}-.*\)/, '(…)')).toMatchInlineSnapshot(`
      "name         data
      id           vol_xxxxxxxxxxxxxxxxxxxxxxx
      app          -
      state        active
      region       ewr
      size         25 GB
      used         0 B
      attached to  -
      created      3m ago (…)
      "
    `);
    expect(await json<StorageView>(['volumes', 'extend', 'data', '--size', '64GiB'])).toMatchObject({
      sizeBytes: 64 * 2 ** 30,
    });
    expect((await succeed(['volumes', 'snapshots', 'create', 'data'])).stdout).toContain('snap_2');
    expect((await succeed(['volumes', 'snapshots', 'list', 'data'])).stdout).toContain('snap_1    3m ago');
    expect((await holdfast(['volumes', 'destroy', 'data'])).code).toBe(2);
    const destroyed = await succeed(['volumes', 'destroy', 'data', '--yes']);
    expect(destroyed.stdout).toMatch(
      /^The volume data is destroyed; it is purged in (1d|23h)\. Until then: holdfast volumes recover vol_/,
    );
    expect(await json<StorageView>(['volumes', 'recover', 'data'])).toMatchObject({ state: 'active' });
    expect((await succeed(['volumes', 'destroy', 'data', '--now', '--yes'])).stdout).toContain('for good');
    await succeed(['filesystems', 'create', 'shared', '--app', 'photos']);
    expect(await json<StorageView[]>(['filesystems', 'list'])).toMatchObject([{ name: 'shared', app: 'photos' }]);
  });

  it('hands out credentials as variables', async () => {
    expect((await succeed(['storage', 'keys', 'my-app-images'])).stdout).toMatchInlineSnapshot(`
      "BUCKET_NAME=my-app-images
      AWS_ENDPOINT_URL_S3=http://127.0.0.1:1
      AWS_REGION=local
      AWS_ACCESS_KEY_ID=AKFAKE
      AWS_SECRET_ACCESS_KEY=fake-secret
      "
    `);
  });

  it('signs URLs on its own', async () => {
    const { url } = await json<{ url: string }>([
      'object-store',
      'presign',
      'my-app-images',
      'a b.jpg',
      '--expires-in',
      '15m',
    ]);
    expect(new URL(url).pathname).toBe('/my-app-images/a%20b.jpg');
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('900');
  });
});

describe('mistakes', () => {
  it.each([
    [['deplyo'], 2, /unknown command 'deplyo'\nhint: {2}did you mean deploy\?/],
    [['volumes', 'crate'], 2, /did you mean create\?/],
    [['volumes', 'create', 'data'], 2, /--size.*\nhint: {2}see `holdfast volumes create --help`/],
    [['volumes', 'list', '--jsn'], 2, /did you mean --json\?/],
    [['volumes', 'create', 'data', '--size', 'big'], 2, /"big" is not a size\nhint: .*25GB/],
    [['volumes', 'create', 'data', '--size', '1', '--region', 'ewx'], 2, /no region "ewx"\nhint: .*"ewr"/],
    [['volumes', 'show', 'nothing'], 3, /no volume "nothing"/],
    [['logs', '-n', 'many'], 2, /number of lines/],
    [['completion', 'tcsh'], 2, /bash, zsh, fish/],
  ])('%j ends with %i and says what to do', async (args, code, message) => {
    const run = await holdfast(args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/ {4}at /);
  });

  it('tells a wrong token, a missing one and a platform that is not there apart', async () => {
    const wrong = await holdfast(['apps', 'list'], { env: { HOLDFAST_TOKEN: 'wrong' } });
    expect(wrong).toMatchObject({ code: 4, stdout: '' });
    expect(wrong.stderr).toMatch(/token is not valid\n.*HOLDFAST_TOKEN/);
    const missing = await holdfast(['apps', 'list'], { env: { HOLDFAST_TOKEN: '' } });
    expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('HOLDFAST_TOKEN') });
    const away = await holdfast(['apps', 'list'], { env: { HOLDFAST_URL: 'http://127.0.0.1:1' } });
    expect(away).toMatchObject({ code: 6, stderr: expect.stringContaining('http://127.0.0.1:1') });
  });

  it('takes address and token from cli.json of the data directory', async () => {
    const nowhere = await runCliProcess(['apps', 'list', '--data-dir', empty], { cwd: empty });
    expect(nowhere).toMatchObject({ code: 6, stdout: '' });
    expect(nowhere.stderr).toMatch(/^error: Holdfast is not running\nhint: .*`holdfast up`/);
    const data = join(temporary.path, 'data');
    await mkdir(data);
    await writeFile(join(data, 'cli.json'), JSON.stringify({ url: api.url, token: TOKEN }));
    expect(await runCliProcess(['apps', 'list'], { cwd: empty, env: { HOLDFAST_DATA_DIR: data } })).toMatchObject({
      code: 0,
    });
    await writeFile(join(data, 'cli.json'), JSON.stringify({ url: 'http://127.0.0.1:1', token: TOKEN }));
    const stopped = await runCliProcess(['apps', 'list', '--data-dir', data], { cwd: empty });
    expect(stopped).toMatchObject({ code: 6, stderr: expect.stringContaining('Holdfast is not running') });
  });
});

describe('around it', () => {
  it('launches a directory once, with a file that deploys', async () => {
    const directory = join(temporary.path, 'My_Shop');
    await mkdir(directory);
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: '@acme/My_Shop', main: 'src/server.js' }));
    const run = await runCliProcess(['launch'], { cwd: directory });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('run `holdfast deploy`') });
    expect(await readFile(join(directory, 'holdfast.yaml'), 'utf8')).toContain('app: my-shop\n');
    expect(await json<DeploymentView>(['deploy', directory])).toMatchObject({ app: 'my-shop', status: 'succeeded' });
    expect(await runCliProcess(['launch', directory], { cwd: empty })).toMatchObject({ code: 5, stdout: '' });
  });

  it('ends quietly when its reader has gone', async () => {
    for (let i = 0; i < 20_000; i++) {
      api.platform.logLines.push({ instance: 'ins_1', service: 'web', line: `${'x'.repeat(100)} ${i}` });
    }
    const { child, result } = startCli(['logs', '-n', '20000', '--app', 'my-shop'], {
      cwd: empty,
      env: { HOLDFAST_URL: api.url, HOLDFAST_TOKEN: TOKEN },
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await result.catch((error: Error) => error)).toBeInstanceOf(Error); // of reading the closed output
    await waitUntil(() => child.exitCode !== null, { timeoutMs: 20_000, what: 'the end' });
    expect(child.exitCode).toBe(0);
  });
});

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { CliBed } from '../support/cli-bed.ts';
import { runCliProcess } from '../support/cli-process.ts';
import { TOKEN } from '../support/fake-api.ts';

/** What every command has in common: mistakes, where the platform is, and the end of the output. */

let cli: CliBed;

beforeAll(async () => {
  cli = await CliBed.open();
});
afterAll(() => cli[Symbol.asyncDispose]());

describe('mistakes', () => {
  it.each([
    [['deplyo'], 2, /unknown command 'deplyo'\nhint: {2}did you mean deploy\?/],
    [['volumes', 'crate'], 2, /did you mean create\?/],
    [['volumes', 'create', 'data'], 2, /--size.*\nhint: {2}see `holdfast volumes create --help`/],
    [['volumes', 'list', '--jsn'], 2, /did you mean --json\?/],
    [['object-store', 'create', 'data', '--region', 'ewr'], 2, /hint: {2}see `holdfast object-store create --help`/],
    [['volumes', 'create', 'data', '--size', 'big'], 2, /"big" is not a size\nhint: .*25GB/],
    [['volumes', 'create', 'data', '--size', '1', '--region', 'ewx'], 2, /no region "ewx"\nhint: .*"ewr"/],
    [['volumes', 'show', 'nothing'], 3, /no volume "nothing"/],
    [['logs', '-n', 'many'], 2, /number of lines/],
    [['completion', 'tcsh'], 2, /bash, zsh, fish/],
  ])('%j ends with %i and says what to do', async (args, code, message) => {
    const run = await cli.holdfast(args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toMatch(message);
    expect(run.stderr).not.toMatch(/ {4}at /);
  });

  it('tells a wrong token, a missing one and a platform that is not there apart', async () => {
    const wrong = await cli.holdfast(['apps', 'list'], { env: { HOLDFAST_TOKEN: 'wrong' } });
    expect(wrong).toMatchObject({ code: 4, stdout: '' });
    expect(wrong.stderr).toMatch(/token is not valid\n.*HOLDFAST_TOKEN/);
    const missing = await cli.holdfast(['apps', 'list'], { env: { HOLDFAST_TOKEN: '' } });
    expect(missing).toMatchObject({ code: 4, stderr: expect.stringContaining('HOLDFAST_TOKEN') });
    const away = await cli.holdfast(['apps', 'list'], { env: { HOLDFAST_URL: 'http://127.0.0.1:1' } });
    expect(away).toMatchObject({ code: 6, stderr: expect.stringContaining('http://127.0.0.1:1') });
  });

  it('takes address and token from cli.json of the data directory', async () => {
    const nowhere = await runCliProcess(['apps', 'list', '--data-dir', cli.empty], { cwd: cli.empty });
    expect(nowhere).toMatchObject({ code: 6, stdout: '' });
    expect(nowhere.stderr).toMatch(/^error: Holdfast is not running\nhint: .*`holdfast up`/);
    const data = join(cli.directory, 'data');
    await mkdir(data);
    await writeFile(join(data, 'cli.json'), JSON.stringify({ url: cli.api.url, token: TOKEN }));
    expect(await runCliProcess(['apps', 'list'], { cwd: cli.empty, env: { HOLDFAST_DATA_DIR: data } })).toMatchObject({
      code: 0,
    });
    await writeFile(join(data, 'cli.json'), JSON.stringify({ url: 'http://127.0.0.1:1', token: TOKEN }));
    const stopped = await runCliProcess(['apps', 'list', '--data-dir', data], { cwd: cli.empty });
    expect(stopped).toMatchObject({ code: 6, stderr: expect.stringContaining('Holdfast is not running') });
  });
});

describe('around it', () => {
  it('launches a directory once, with a file that deploys', async () => {
    const directory = join(cli.directory, 'My_Shop');
    await mkdir(directory);
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: '@acme/My_Shop', main: 'src/server.js' }));
    const run = await runCliProcess(['launch'], { cwd: directory });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('run `holdfast deploy`') });
    expect(await readFile(join(directory, 'holdfast.yaml'), 'utf8')).toContain('app: my-shop\n');
    expect(await cli.json<DeploymentView>(['deploy', directory])).toMatchObject({
      app: 'my-shop',
      status: 'succeeded',
    });
    expect(await runCliProcess(['launch', directory], { cwd: cli.empty })).toMatchObject({ code: 5, stdout: '' });
  });

  it('ends quietly when its reader has gone', async () => {
    for (let i = 0; i < 20_000; i++) {
      cli.api.platform.logLines.push({ instance: 'ins_1', service: 'web', line: `${'x'.repeat(100)} ${i}` });
    }
    const { child, result } = cli.start(['logs', '-n', '20000', '--app', 'my-shop']);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await result.catch((error: Error) => error)).toBeInstanceOf(Error); // of reading the closed output
    await waitUntil(() => child.exitCode !== null, { timeoutMs: 60_000, what: 'the end' });
    expect(child.exitCode).toBe(0);
  });
});

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { APP_FILE, CliBed } from '../support/cli-bed.ts';
import { startFakeApi } from '../support/fake-api.ts';

/** `holdfast deploy`: what it sends, what it follows, and how it ends. */

let cli: CliBed;

beforeAll(async () => {
  cli = await CliBed.open();
});
afterAll(() => cli[Symbol.asyncDispose]());

describe('deploy', () => {
  it('packs, uploads and follows to the URLs, the progress on stderr', async () => {
    const run = await cli.succeed(['deploy'], { cwd: cli.project });
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
    await list({ file: cli.api.platform.archives[0] ?? '', onReadEntry: (entry) => names.push(entry.path) });
    expect(
      names
        .map((name) => name.replace(/^\.\//, ''))
        .filter((name) => name !== '')
        .sort(),
    ).toEqual(['holdfast.yaml', 'server.js']);
  });

  it('prints nothing but the deployment with --json', async () => {
    const view = await cli.json<DeploymentView>(['deploy', cli.project]);
    expect(view).toMatchObject({ app: 'photos', release: 2, status: 'succeeded' });
  });

  it('fails with the reason when the release is rolled back', async () => {
    cli.api.platform.outcome = { status: 'rolled-back', reason: 'GET /healthz answered 500' };
    const run = await cli.holdfast(['deploy', cli.project]);
    cli.api.platform.outcome = { status: 'succeeded', reason: 'every instance is healthy' };
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('error: release 3 of photos was rolled back: GET /healthz answered 500\n');
    expect(
      (await cli.succeed(['releases', '--app', 'photos'])).stdout.replace(/(CREATED|\w+ ago|just now) */g, '… '),
    ).toMatchInlineSnapshot(`
      "RELEASE  STATUS       … REASON
      3        rolled-back  … GET /healthz answered 500
      2 *      succeeded    … every instance is healthy
      1        succeeded    … every instance is healthy
      "
    `);
  });

  it('returns at once with --detach, and deploys under another name with --app', async () => {
    const run = await cli.succeed(['deploy', cli.project, '--detach', '--app', 'staging']);
    expect(run.stdout).toMatch(/^Release 1 of staging is on its way;/);
  });

  it('leaves the deployment running at Ctrl-C', async () => {
    cli.api.platform.frozen = true;
    const { child, result } = cli.start(['deploy', cli.project]);
    const before = cli.api.platform.looks;
    await waitUntil(() => cli.api.platform.looks > before, {
      timeoutMs: 60_000,
      what: 'the deployment to be followed',
    });
    child.kill('SIGINT');
    const run = await result;
    cli.api.platform.frozen = false;
    expect(run.code).toBe(130);
    expect(run.stderr).toContain('The deployment goes on without this command.');
  });

  it('leaves nothing behind when Ctrl-C comes before the upload has ended', async () => {
    const stalled = createServer((request) => request.resume()); // takes everything and never answers
    await new Promise<void>((resolve) => stalled.listen(0, '127.0.0.1', resolve));
    const proxied = createServer((request, response) => {
      const { port } = (request.url === '/v1/uploads' ? stalled.address() : new URL(cli.api.url)) as { port: number };
      const { method, headers, url } = request;
      const onward = httpRequest({ host: '127.0.0.1', port, method, headers, path: url }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxied.listen(0, '127.0.0.1', resolve));
    const scratch = join(cli.directory, 'scratch');
    await mkdir(scratch);
    const { port } = proxied.address() as { port: number };
    const { child, result } = cli.start(['deploy', cli.project], {
      env: { HOLDFAST_URL: `http://127.0.0.1:${port}`, TMPDIR: scratch },
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
    const { result } = cli.start(['deploy', cli.project], { env: { HOLDFAST_URL: first.url } });
    await waitUntil(() => platform.looks > 0, { timeoutMs: 60_000, what: 'the deployment to be followed' });
    await first[Symbol.asyncDispose]();
    platform.frozen = false;
    await using _second = await startFakeApi({ platform, port: Number(new URL(first.url).port) });
    const run = await result;
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('Release 1 of photos serves.') });
  });

  it('refuses before it sends anything: no app file, a typo, no such directory', async () => {
    const before = await readdir(cli.api.uploadDirectory);
    const missing = await cli.holdfast(['deploy']);
    expect(missing).toMatchObject({ code: 3, stdout: '' });
    expect(missing.stderr).toMatch(/no app file \(holdfast\.yaml.*\n.*holdfast launch/);
    const typo = join(cli.directory, 'typo.yaml');
    await writeFile(typo, APP_FILE.replace('packaging', 'packging'));
    const refused = await cli.holdfast(['deploy', '--file', typo]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/typo\.yaml:3:\d+.*packging.*packaging/s);
    expect((await cli.holdfast(['deploy', join(cli.empty, 'nowhere')])).stderr).toContain('nowhere');
    expect(await readdir(cli.api.uploadDirectory)).toEqual(before);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppView } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { CliBed } from '../support/cli-bed.ts';

/** Commands about one app that has been deployed. */

let cli: CliBed;

beforeAll(async () => {
  cli = await CliBed.open();
  await cli.succeed(['deploy', cli.project]);
  await cli.succeed(['deploy', cli.project]);
  await cli.succeed(['deploy', cli.project, '--app', 'staging']);
});
afterAll(() => cli[Symbol.asyncDispose]());

describe('an app', () => {
  it('is the one of the app file, of HOLDFAST_APP or the only one', async () => {
    expect(await cli.json<AppView>(['status'], { cwd: cli.project })).toMatchObject({ name: 'photos' });
    expect(await cli.json<AppView>(['status'], { env: { HOLDFAST_APP: 'photos' } })).toMatchObject({ name: 'photos' });
    const unclear = await cli.holdfast(['status']);
    expect(unclear).toMatchObject({ code: 2, stdout: '' });
    expect(unclear.stderr).toMatch(/which app\? There are 2: photos, staging\n.*--app/);
    await cli.succeed(['apps', 'destroy', 'staging', '--yes']);
    const only = await cli.succeed(['status']);
    expect(only.stderr).toBe('app: photos (the only one)\n');
    const unknown = await cli.holdfast(['status', '--app', 'photoz']);
    expect(unknown).toMatchObject({ code: 3, stdout: '' });
  });

  it('has a status', async () => {
    expect((await cli.succeed(['status', '--app', 'photos'])).stdout).toMatchInlineSnapshot(`
      "photos  release 2

      SERVICE  TYPE         HEALTHY  URL
      web      web-service  1/1      http://web-photos.localhost:7380

      INSTANCE  SERVICE  RELEASE  STATE    STARTED  RESTARTS  VOLUMES
      ins_1     web      2        healthy  3h ago   0
      "
    `);
    expect((await cli.succeed(['apps', 'list'])).stdout).toMatchInlineSnapshot(`
      "APP     RELEASE  HEALTHY  URLS
      photos  2        web 1/1  http://web-photos.localhost:7380
      "
    `);
  });

  it('scales', async () => {
    const scaled = await cli.json<AppView>(['scale', 'web=3', '--app', 'photos']);
    expect(scaled.services).toMatchObject([{ name: 'web', desired: 3 }]);
    expect(await cli.holdfast(['scale', 'web', '--app', 'photos'])).toMatchObject({ code: 2 });
    const typo = await cli.holdfast(['scale', 'web=5', 'wbe=1', '--app', 'photos']);
    expect(typo).toMatchObject({ code: 3, stderr: expect.stringContaining('did you mean "web"?') });
    expect((await cli.api.platform.app('photos')).services).toMatchObject([{ name: 'web', desired: 3 }]);
  });

  it('rolls back to the release before, or to the one named', async () => {
    expect((await cli.succeed(['rollback', '--app', 'photos'])).stdout).toContain('Release 1 of photos serves.');
    expect((await cli.succeed(['rollback', 'v2', '--app', 'photos'])).stdout).toContain('Release 2 of photos serves.');
    expect((await cli.holdfast(['rollback', 'latest', '--app', 'photos'])).code).toBe(2);
  });

  it('prints logs, the last ones, as JSON a line, and follows them', async () => {
    for (let i = 1; i <= 3; i++)
      cli.api.platform.logLines.push({ instance: 'ins_1', service: 'web', line: `hello ${i}` });
    expect((await cli.succeed(['logs', '--app', 'photos', '-n', '2'])).stdout).toBe(
      'web ins_1 hello 2\nweb ins_1 hello 3\n',
    );
    const lines = (await cli.succeed(['logs', '--app', 'photos', '--json'])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual(['hello 1', 'hello 2', 'hello 3']);
    const { child, result } = cli.start(['logs', '-f', '--app', 'photos']);
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk;
    });
    await waitUntil(() => seen.includes('hello 3'), { timeoutMs: 60_000, what: 'the lines' });
    expect(cli.api.platform.followers).toBe(1);
    child.kill('SIGINT');
    await result;
    await waitUntil(() => cli.api.platform.followers === 0, { timeoutMs: 60_000, what: 'its end' });
  });

  it('takes secrets from the command line and the input, and never prints them', async () => {
    const run = await cli.succeed(['secrets', 'set', 'A=one=1', 'B=-', '--app', 'photos'], { input: 'two\nlines\n' });
    expect(Object.fromEntries(cli.api.platform.secretValues)).toEqual({ A: 'one=1', B: 'two\nlines' });
    const listed = await cli.succeed(['secrets', 'list', '--app', 'photos']);
    expect(run.stdout + run.stderr + listed.stdout).not.toMatch(/one|two/);
    await cli.succeed(['secrets', 'unset', 'A', 'B', '--app', 'photos']);
    expect(cli.api.platform.secretValues.size).toBe(0);
    const nobody = await cli.holdfast(['secrets', 'set', 'C', '--app', 'photos']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('C=-');
  });

  it('is destroyed only when that is confirmed', async () => {
    const refused = await cli.holdfast(['apps', 'destroy', 'photos']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--yes');
    await cli.succeed(['apps', 'destroy', 'photos', '--yes']);
    expect(await cli.json<AppView[]>(['apps', 'list'])).toEqual([]);
  });
});

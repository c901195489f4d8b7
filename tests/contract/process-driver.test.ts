import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { describeBoth, escaping, IDLE, ProcessFixture, processesWith } from './process-fixture.ts';

/** What holds for processes only; the contract of all drivers is in service-driver.contract.ts. */

describeBoth((fixture, options) => {
  it('runs in a copy: the release stays as it is', async () => {
    const { harness } = fixture();
    const app =
      await harness.script(`import fs from 'node:fs'; fs.appendFileSync('main.mjs', '//'); fs.writeFileSync('new', '');
      console.log(JSON.stringify(fs.readdirSync('.').sort()));`);
    expect(await fixture().answer('', app)).toEqual(['main.mjs', 'new']);
    expect(await readdir(app.rootDirectory)).toEqual(['main.mjs']);
    expect(await readFile(join(app.rootDirectory, 'main.mjs'), 'utf8')).not.toMatch(/\/\/$/);
  });

  it('gives a clean environment', async () => {
    process.env.HOLDFAST_TEST_SECRET = 'x';
    const id = newId('ins');
    const environment = { LOG_LEVEL: 'info', MULTILINE: 'a\nb "c" $d' };
    const env = await fixture()
      .answer<Record<string, string>>(
        'const { env, execPath, version } = process; console.log(JSON.stringify({ ...env, execPath, version }))',
        { id, environment, listens: true },
      )
      .finally(() => delete process.env.HOLDFAST_TEST_SECRET);
    expect(env).toMatchObject({
      ...environment,
      NODE_ENV: 'production',
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      HOST: '127.0.0.1',
      PORT: expect.stringMatching(/^\d+$/),
      HOLDFAST_INSTANCE: id,
      HOLDFAST_START: expect.stringMatching(/^[0-9a-f]{16}$/),
      HOLDFAST_APP: 'photos',
      HOLDFAST_SERVICE: 'web',
      HOLDFAST_RELEASE: '7',
    });
    expect(env.PATH?.split(':')[0]).toBe(dirname(env.execPath ?? ''));
    expect(env.version).toBe(process.version);
    expect(env).not.toHaveProperty('HOLDFAST_TEST_SECRET');
  });

  it('leaves no secret in a command line or in a file', async () => {
    const { harness, driver } = fixture();
    const id = await fixture().start(IDLE, { environment: { KEY: 'sesame-7351' } });
    await fixture().line(id, /ready/);
    expect(await processesWith('sesame-7351')).toEqual([]);
    expect(
      execFileSync('sh', ['-c', 'grep -r sesame-7351 "$1" || echo none', 'sh', harness.driverDirectory], {
        encoding: 'utf8',
      }),
    ).toBe('none\n');
    await driver.stop(id, { graceMs: 1000 });
  });

  it('shows a bad command and a missing entry as an end that the log explains', async () => {
    for (const [command, reason] of [
      [['no-such-program'], /no-such-program/],
      [['node', 'gone.mjs'], /gone\.mjs/],
    ] as const) {
      const id = await fixture().start('', { command });
      const ended = async () => (await fixture().observe(id))?.status === 'exited';
      await waitUntil(ended, { timeoutMs: 60_000, what: 'the end' });
      expect((await fixture().observe(id))?.exitCode).toBeGreaterThan(0);
      expect(await fixture().log(id)).toMatch(reason);
    }
  });

  it('stops what the app started, also in sessions of their own', async () => {
    const mark = newId('escape');
    const source = `${escaping(mark).replace('...KEEP', 'HOLDFAST_START: process.env.HOLDFAST_START')}${IDLE}`;
    const id = await fixture().start(source);
    await waitUntil(async () => (await processesWith(mark)).length > 0, { timeoutMs: 60_000, what: 'the child' });
    await fixture().line(id, /ready/);
    await fixture().driver.stop(id, { graceMs: 10_000 });
    expect(await processesWith(mark)).toEqual([]);
    expect(await fixture().observe(id)).toMatchObject({ status: 'exited', exitCode: 0 });
  });

  it('stops an instance that has only just been started', async () => {
    for (let i = 0; i < 5; i++) {
      const mark = newId('brief');
      const id = await fixture().start(IDLE, { command: ['node', 'main.mjs', mark] });
      await fixture().driver.stop(id, { graceMs: 10_000 });
      expect(await processesWith(mark)).toEqual([]);
      expect((await fixture().observe(id))?.status).toBe('exited');
    }
  });

  it('rotates the log while it is followed, and keeps it bounded', async () => {
    const other = await ProcessFixture.open({ ...options, log: { maxBytes: 100_000 } });
    const abort = new AbortController();
    try {
      const id = await other.start(
        // Nothing is written while the log is cut, where a line could be lost: what is over the limit is waited for to go.
        `import { fstatSync } from 'node:fs';
         let n = 0; const t = setInterval(() => {
           if (fstatSync(1).size > 100_000) return;
           for (let i = 0; i < 20; i++) console.log(n++ + ' ' + 'x'.repeat(100));
           if (n === 4000) { clearInterval(t); console.log('done'); }
         }, 5);`,
      );
      const numbers: number[] = [];
      for await (const line of other.driver.logs(id, { follow: true, signal: abort.signal })) {
        if (line === 'done') break;
        numbers.push(Number.parseInt(line, 10));
      }
      expect(numbers).toEqual(Array.from({ length: 4000 }, (_, i) => i));
      const directory = join(other.harness.driverDirectory, 'logs/photos/web');
      expect((await readdir(directory)).sort()).toEqual([`${id}.log`, `${id}.log.1`]);
    } finally {
      abort.abort();
      await other.close();
    }
  });

  it('says that the disk is full, and leaves nothing', async (context) => {
    const root = join(fixture().harness.root, 'small');
    await mkdir(root);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' });
    } catch {
      context.skip('mounting a small disk needs root');
    }
    const small = await ProcessFixture.open({ ...options, directory: root });
    try {
      const app = await small.harness.script(IDLE);
      await writeFile(join(app.rootDirectory, 'large'), Buffer.alloc(2_000_000));
      await expect(small.start('', app)).rejects.toMatchObject({ code: 'disk.full', kind: 'exhausted' });
      expect(await small.driver.list()).toEqual([]);
      expect(await readdir(join(root, 'instances'))).toEqual([]);
      expect(await readdir(join(root, 'removed'))).toEqual([]);
    } finally {
      await small.close();
      execFileSync('umount', [root]);
    }
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import type { ProcessDriverOptions } from '../../src/services/drivers/process/process-driver.ts';
import { openProcessTable } from '../../src/services/drivers/process/process-table.ts';
import type { InstanceSpec, ObservedInstance, ServiceDriver } from '../../src/services/service-driver.ts';
import { hasBubblewrap, openProcessHarness, type ProcessHarness } from './process-harness.ts';

const IDLE = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('ready');`;

/** What holds for processes only; the contract of all drivers is in service-driver.contract.ts. */
function describeDriver(name: string, options: Partial<ProcessDriverOptions>, body: (open: () => Fixture) => void) {
  describe(`process driver ${name}`, () => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await Fixture.open(options);
    });
    afterEach(() => fixture.close());
    body(() => fixture);
  });
}

class Fixture {
  readonly harness: ProcessHarness;
  driver: ServiceDriver;

  constructor(harness: ProcessHarness, driver: ServiceDriver) {
    this.harness = harness;
    this.driver = driver;
  }

  static async open(options: Partial<ProcessDriverOptions>): Promise<Fixture> {
    const harness = await openProcessHarness(options);
    return new Fixture(harness, await harness.open());
  }

  async close(): Promise<void> {
    for (const { id } of await this.driver.list()) await this.driver.stop(id, { graceMs: 0 });
    await this.driver.close?.();
    await this.harness.close();
  }

  async reopen(): Promise<void> {
    await this.driver.close?.();
    this.driver = await this.harness.open();
  }

  async start(source: string, overrides: Partial<InstanceSpec> = {}): Promise<string> {
    const spec: InstanceSpec = {
      id: newId('ins'),
      app: 'photos',
      service: 'web',
      release: '7',
      environment: {},
      mounts: [],
      listens: false,
      limits: { cpu: 0.25, memoryBytes: 512 * 1024 * 1024 },
      ...(await this.harness.script(source)),
      ...overrides,
    };
    await this.driver.start(spec);
    return spec.id;
  }

  async observe(id: string): Promise<ObservedInstance | undefined> {
    return (await this.driver.list()).find((instance) => instance.id === id);
  }

  async log(id: string): Promise<string> {
    let text = '';
    for await (const line of this.driver.logs(id)) text += `${line}\n`;
    return text;
  }

  line(id: string, pattern: RegExp): Promise<RegExpExecArray> {
    const find = async () => pattern.exec(await this.log(id)) ?? undefined;
    return waitUntil(find, { timeoutMs: 10_000, what: `${pattern} in the log` });
  }

  /** What a module that prints one JSON value has printed. */
  async answer<T>(source: string, overrides: Partial<InstanceSpec> = {}): Promise<T> {
    const id = await this.start(source, overrides);
    await waitUntil(async () => (await this.observe(id))?.status === 'exited', { timeoutMs: 10_000, what: 'the end' });
    const log = await this.log(id);
    try {
      return JSON.parse(log) as T;
    } catch {
      throw new Error(`not JSON: ${log}`);
    }
  }

  async storage(name: string): Promise<string> {
    const path = join(this.harness.root, 'data', 'volumes', name);
    await mkdir(path, { recursive: true });
    return path;
  }
}

/** Processes of the machine whose command line holds `text`. */
async function processesWith(text: string): Promise<number[]> {
  const table = await openProcessTable();
  const entries = await table.all();
  const lines = await Promise.all(entries.map(async ({ pid }) => (await table.commandLine(pid)).join(' ')));
  return entries.filter((_, i) => lines[i]?.includes(text)).map(({ pid }) => pid);
}

/** Starts `node -e … <mark>` in a session of its own without a trace of its origin. */
const escaping = (mark: string) => `
  import { spawn } from 'node:child_process';
  spawn('node', ['-e', 'setInterval(() => {}, 1000); process.on("SIGTERM", () => {})', '${mark}'],
    { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH, ...KEEP } }).unref();`;

function describeBoth(name: string, options: Partial<ProcessDriverOptions>) {
  describeDriver(name, options, (fixture) => {
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
        await waitUntil(ended, { timeoutMs: 10_000, what: 'the end' });
        expect((await fixture().observe(id))?.exitCode).toBeGreaterThan(0);
        expect(await fixture().log(id)).toMatch(reason);
      }
    });

    it('stops what the app started, also in sessions of their own', async () => {
      const mark = newId('escape');
      const source = `${escaping(mark).replace('...KEEP', 'HOLDFAST_START: process.env.HOLDFAST_START')}${IDLE}`;
      const id = await fixture().start(source);
      await waitUntil(async () => (await processesWith(mark)).length > 0, { timeoutMs: 10_000, what: 'the child' });
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

    it('asks with a command, in the surroundings of the instance', async () => {
      const hostPath = await fixture().storage('vol_1');
      await writeFile(join(hostPath, 'schema'), '');
      const mounts = [{ name: 'data', hostPath, mountPath: '/data' }];
      const id = await fixture().start(IDLE, { mounts, environment: { ROLE: 'web' } });
      await fixture().line(id, /ready/);
      const ask = (command: string, timeoutMs = 5000) =>
        fixture().driver.probe(id, { kind: 'command', command, timeoutMs });
      const good = 'test "$ROLE" = web && test -f main.mjs && test -f "$HOLDFAST_MOUNT_DATA/schema"';
      expect(await ask(good)).toEqual({ healthy: true });
      expect(await ask('echo no database >&2; exit 2')).toEqual({
        healthy: false,
        reason: 'the command ended with exit code 2: no database',
      });
      expect(await ask('sleep 30', 200)).toEqual({ healthy: false, reason: 'the command did not end in 200 ms' });
      await fixture().reopen();
      expect(await ask(good)).toEqual({ healthy: true });
    });

    it('asks over HTTP and TCP, and says what was wrong', async () => {
      const id = await fixture().start(
        `import { createServer } from 'node:http';
         createServer((req, res) => {
           if (req.url === '/moved') res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
           else if (req.url === '/slow') return;
           else res.writeHead(req.url === '/ok' ? 204 : 503).end();
         }).listen(process.env.PORT, process.env.HOST, () => console.log('ready'));`,
        { listens: true },
      );
      const ask = (path: string) => fixture().driver.probe(id, { kind: 'http', path, timeoutMs: 300 });
      await fixture().line(id, /ready/);
      expect(await ask('/ok')).toEqual({ healthy: true });
      expect(await ask('/moved')).toEqual({ healthy: true });
      expect(await ask('/bad')).toEqual({ healthy: false, reason: 'GET /bad answered 503' });
      expect(await ask('/slow')).toEqual({ healthy: false, reason: 'GET /slow: no answer in 300 ms' });
      const deaf = await fixture().start(IDLE, { listens: true });
      expect(await fixture().driver.probe(deaf, { kind: 'tcp', timeoutMs: 300 })).toEqual({
        healthy: false,
        reason: 'connection refused',
      });
    });

    it('gives drivers of other data directories other ports', async () => {
      const ports = { from: 19_100, to: 19_103 };
      const others = await Promise.all([1, 2].map(() => Fixture.open({ ...options, ports })));
      try {
        const starts = others.flatMap((other) => [
          other.start(IDLE, { listens: true }),
          other.start(IDLE, { listens: true }),
        ]);
        await Promise.all(starts);
        const addresses = (await Promise.all(others.map((other) => other.driver.list()))).flat();
        expect(new Set(addresses.map(({ address }) => address?.port)).size).toBe(4);
        const [other] = others;
        await expect(other?.start(IDLE, { listens: true })).rejects.toMatchObject({
          code: 'instance.start',
          kind: 'exhausted',
        });
        expect(await other?.driver.list()).toHaveLength(2);
      } finally {
        for (const other of others) await other.close();
      }
    });

    it('leaves instances of other data directories alone, also those of the same id', async () => {
      const other = await Fixture.open(options);
      try {
        const ids = await Promise.all([other.start(IDLE), other.start(IDLE), other.start(IDLE)]);
        for (const id of ids) await other.line(id, /ready/);
        const [stopped = '', ended, failed] = ids;
        await fixture().start(IDLE, { id: stopped });
        await fixture().driver.stop(stopped, { graceMs: 10_000 });
        await fixture().answer('console.log(1)', { id: ended });
        await expect(fixture().start('', { id: failed, rootDirectory: '/nonexistent' })).rejects.toThrow();
        expect((await other.driver.list()).map(({ status }) => status)).toEqual(['running', 'running', 'running']);
      } finally {
        await other.close();
      }
    });

    it('rotates the log while it is followed, and keeps it bounded', async () => {
      const other = await Fixture.open({ ...options, log: { maxBytes: 100_000 } });
      const abort = new AbortController();
      try {
        const id = await other.start(
          `let n = 0; const t = setInterval(() => {
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

    it('refuses a mount whose storage is not there, and leaves nothing', async () => {
      const mounts = [{ name: 'data', hostPath: '/nonexistent', mountPath: '/data' }];
      await expect(fixture().start(IDLE, { mounts })).rejects.toMatchObject({ code: 'instance.start' });
      await expect(fixture().start(IDLE, { service: '../x' })).rejects.toMatchObject({ code: 'instance.start' });
      expect(await readdir(join(fixture().harness.driverDirectory, 'instances'))).toEqual([]);
    });

    it('says that the disk is full, and leaves nothing', async (context) => {
      const root = join(fixture().harness.root, 'small');
      await mkdir(root);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root], { stdio: 'ignore' });
      } catch {
        context.skip('mounting a small disk needs root');
      }
      const small = await Fixture.open({ ...options, directory: root });
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

    it('forgets a start that died before its process, and knows one that died after', async () => {
      const { harness } = fixture();
      const id = await fixture().start(IDLE);
      await fixture().line(id, /ready/);
      const path = join(harness.driverDirectory, 'instances', id, 'instance.json');
      const { launcher, ...record } = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify(record)); // as if killed between the spawn and the second record
      const unborn = join(harness.driverDirectory, 'instances', 'ins_unborn');
      await mkdir(join(unborn, 'app'), { recursive: true });
      await writeFile(join(unborn, 'ticket.abc'), '');
      await writeFile(join(unborn, 'instance.json'), JSON.stringify({ ...record, id: 'ins_unborn', ticket: 'abc' }));
      await mkdir(join(harness.driverDirectory, 'instances', 'ins_unrecorded'));
      await fixture().reopen();
      expect((await fixture().driver.list()).map((instance) => [instance.id, instance.status])).toEqual([
        [id, 'running'],
      ]);
      expect(JSON.parse(await readFile(path, 'utf8')).launcher).toEqual(launcher);
      expect(await readdir(join(harness.driverDirectory, 'instances'))).toEqual([id]);
      await fixture().driver.stop(id, { graceMs: 10_000 });
      expect(await fixture().observe(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    });

    it('takes another process with the pid of an instance for another', async () => {
      const id = await fixture().start(IDLE);
      await fixture().line(id, /ready/);
      await fixture().driver.stop(id, { graceMs: 10_000 });
      const path = join(fixture().harness.driverDirectory, 'instances', id, 'instance.json');
      const record = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(path, JSON.stringify({ ...record, launcher: { pid: process.pid, startTime: 'another' } }));
      await fixture().reopen();
      expect((await fixture().observe(id))?.status).toBe('exited');
      await fixture().driver.stop(id, { graceMs: 0 }); // would end this test
      await fixture().driver.remove(id);
    });
  });
}

describeBoth('with links', { sandbox: 'off' });

describeDriver('with links only', { sandbox: 'off' }, (fixture) => {
  it('says what it cannot do', () => {
    expect(fixture().driver.capabilities).toEqual({ isolation: false, absoluteMounts: false, limits: false });
    expect(fixture().driver.notice).toContain('without isolation');
  });

  it('links mounts into the working directory, whatever the app has there', async () => {
    const hostPath = await fixture().storage('vol_1');
    const other = await fixture().storage('vol_2');
    const app = await fixture().harness.script(
      `import fs from 'node:fs'; fs.writeFileSync('data/kept', 'x'); fs.writeFileSync('mnt/deep/kept', 'y');
       console.log(JSON.stringify(process.env.HOLDFAST_MOUNT_MY_DATA));`,
    );
    const outside = join(fixture().harness.root, 'outside');
    await mkdir(outside);
    await mkdir(join(app.rootDirectory, 'data'));
    await writeFile(join(app.rootDirectory, 'data/.gitkeep'), '');
    await symlink(outside, join(app.rootDirectory, 'mnt'));
    const mounts = [
      { name: 'my-data', hostPath, mountPath: '/data' },
      { name: 'deep', hostPath: other, mountPath: '/mnt/deep' },
    ];
    const variable = await fixture().answer<string>('', { ...app, mounts });
    expect(await readlink(variable)).toBe(hostPath);
    expect(await readdir(hostPath)).toEqual(['kept']);
    expect(await readdir(other)).toEqual(['kept']);
    expect(await readdir(outside)).toEqual([]);
    expect(await readdir(join(app.rootDirectory, 'data'))).toEqual(['.gitkeep']);
  });

  it('refuses a mount inside another', async () => {
    const hostPath = await fixture().storage('vol_1');
    const mounts = ['/data', '/data/inner'].map((mountPath) => ({ name: mountPath, hostPath, mountPath }));
    await expect(fixture().start(IDLE, { mounts })).rejects.toThrow(/needs bubblewrap/);
  });
});

if (!hasBubblewrap() && process.env.CI !== 'true') {
  it.skip('process driver with bubblewrap (bubblewrap is not installed)', () => {});
} else {
  describeBoth('with bubblewrap', {});

  describeDriver('with bubblewrap only', {}, (fixture) => {
    it('shows mounts at their paths, read-only ones as such', async () => {
      const hostPath = await fixture().storage('vol_1');
      const inner = await fixture().storage('vol_2');
      const mounts = [
        { name: 'inner', hostPath: inner, mountPath: '/mnt/my-mounted-system/inner' },
        { name: 'data', hostPath, mountPath: '/mnt/my-mounted-system' },
        { name: 'fixed', hostPath, mountPath: '/home/node/fixed', readOnly: true },
      ];
      const answer = await fixture().answer(
        `import fs from 'node:fs';
         fs.writeFileSync('/mnt/my-mounted-system/kept', 'x'); fs.writeFileSync('/mnt/my-mounted-system/inner/kept', 'y');
         let code; try { fs.writeFileSync('/home/node/fixed/no', ''); } catch (error) { code = error.code; }
         console.log(JSON.stringify([code, fs.readFileSync('/home/node/fixed/kept', 'utf8'), process.cwd()]));`,
        { mounts },
      );
      expect(answer).toEqual(['EROFS', 'x', '/app']);
      expect(await readFile(join(hostPath, 'kept'), 'utf8')).toBe('x');
      expect(await readFile(join(inner, 'kept'), 'utf8')).toBe('y');
    });

    it('shares the dependencies of a release, read-only', async () => {
      const app = await fixture().harness.script(`import fs from 'node:fs'; import answer from 'answer';
        let code; try { fs.writeFileSync('node_modules/answer/index.js', ''); } catch (error) { code = error.code; }
        console.log(JSON.stringify([answer, code]));`);
      const path = join(app.rootDirectory, 'node_modules/answer');
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'index.js'), 'module.exports = 42;');
      expect(await fixture().answer('', app)).toEqual([42, 'EROFS']);
      expect(await readFile(join(path, 'index.js'), 'utf8')).toContain('42');
    });

    it('hides the data directory, homes, other processes and what is not for everybody', async () => {
      const hidden = [
        fixture().harness.root,
        homedir(),
        '/root',
        '/etc/shadow',
        '/etc/ssl/private',
        '/srv',
        process.cwd(),
      ];
      const answer = await fixture().answer<Record<string, unknown>>(
        `import fs from 'node:fs';
         const paths = ${JSON.stringify(hidden)};
         const status = fs.readFileSync('/proc/self/status', 'utf8');
         const writable = (path) => { try { fs.closeSync(fs.openSync(path, 'r+')); return true; } catch { return false; } };
         const attempt = (path) => { try { fs.writeFileSync(path, ''); return true; } catch { return false; } };
         console.log(JSON.stringify({
           visible: paths.filter((path) => { try { return fs.readdirSync(path).some((name) => name !== 'node_modules'); } catch { return fs.existsSync(path) && !fs.statSync(path).isDirectory(); } }),
           pids: fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).length,
           capabilities: /CapEff:\\s*(\\S+)/.exec(status)[1],
           written: ['/usr/x', '/etc/x', '/x', '/app/../y', '/sys/x'].filter(attempt),
           writable: ['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/etc/hosts'].filter(writable),
           temporary: attempt('/tmp/x'),
           tmp: fs.readdirSync('/tmp'),
         }));`,
      );
      expect(answer).toMatchObject({
        visible: [],
        capabilities: '0000000000000000',
        written: [],
        writable: [],
        temporary: true,
        tmp: ['x'],
      });
      expect(answer.pids).toBeLessThanOrEqual(3);
    });

    it('keeps a hidden directory hidden inside a system directory', async (context) => {
      const directory = `/usr/local/holdfast-test-${newId('x')}`;
      try {
        await mkdir(directory);
      } catch {
        context.skip('needs root');
      }
      try {
        await writeFile(join(directory, 'master.key'), 'x');
        const other = await Fixture.open({ hidden: [directory] });
        const source = `import fs from 'node:fs'; console.log(JSON.stringify(fs.readdirSync('${directory}')));`;
        expect(await other.answer(source)).toEqual([]);
        await other.close();
      } finally {
        execFileSync('rm', ['-r', directory]);
      }
    });

    it('ends everything when its launcher is killed, also what gave up its marks', async () => {
      const mark = newId('escape');
      const id = await fixture().start(`${escaping(mark).replace('...KEEP', '')}${IDLE}`);
      await waitUntil(async () => (await processesWith(mark)).length > 0, { timeoutMs: 10_000, what: 'the child' });
      const path = join(fixture().harness.driverDirectory, 'instances', id, 'instance.json');
      process.kill(JSON.parse(await readFile(path, 'utf8')).launcher.pid, 'SIGKILL');
      await waitUntil(async () => (await processesWith(mark)).length === 0, { timeoutMs: 10_000, what: 'its end' });
      expect(await fixture().observe(id)).toMatchObject({ status: 'exited', exitCode: undefined });
      await fixture().driver.remove(id);
    });

    it('keeps the environment of the app away from programs outside of the sandbox', async () => {
      const id = await fixture().start(IDLE, { environment: { LD_PRELOAD: '/app/evil.so' } });
      await waitUntil(async () => /ready/.test(await fixture().log(id)), { timeoutMs: 10_000, what: 'the app' });
      expect((await fixture().log(id)).match(/evil\.so/g)).toHaveLength(1); // the app's own linker alone tried it
    });

    it('refuses to mount over the system', async () => {
      const hostPath = await fixture().storage('vol_1');
      for (const mountPath of ['/', '/app', '/usr/share/data', '/etc', '/proc/x', 'data', '/a/../usr', '/data/']) {
        const mounts = [{ name: 'data', hostPath, mountPath }];
        await expect(fixture().start(IDLE, { mounts }), mountPath).rejects.toMatchObject({ code: 'instance.start' });
      }
      expect(existsSync(join(hostPath, 'x'))).toBe(false);
    });
  });
}

import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { describeLinks, describeSandbox, escaping, IDLE, ProcessFixture, processesWith } from './process-fixture.ts';

/** What an instance in bubblewrap can see and reach, and what one without it cannot be kept from. */

describeLinks((fixture) => {
  it('says what it cannot do', () => {
    expect(fixture().driver.capabilities).toEqual({ isolation: false, absoluteMounts: false, limits: false });
    expect(fixture().driver.notice).toContain('without isolation');
  });
});

describeSandbox((fixture) => {
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
      const other = await ProcessFixture.open({ hidden: [directory] });
      const source = `import fs from 'node:fs'; console.log(JSON.stringify(fs.readdirSync('${directory}')));`;
      expect(await other.answer(source)).toEqual([]);
      await other.close();
    } finally {
      execFileSync('rm', ['-r', directory]);
    }
  });

  it('keeps the environment of the app away from programs outside of the sandbox', async () => {
    const id = await fixture().start(IDLE, { environment: { LD_PRELOAD: '/app/evil.so' } });
    await waitUntil(async () => /ready/.test(await fixture().log(id)), { timeoutMs: 60_000, what: 'the app' });
    expect((await fixture().log(id)).match(/evil\.so/g)).toHaveLength(1); // the app's own linker alone tried it
  });

  it('ends everything when its launcher is killed, also what gave up its marks', async () => {
    const mark = newId('escape');
    const id = await fixture().start(`${escaping(mark).replace('...KEEP', '')}${IDLE}`);
    await waitUntil(async () => (await processesWith(mark)).length > 0, { timeoutMs: 60_000, what: 'the child' });
    const path = join(fixture().harness.driverDirectory, 'instances', id, 'instance.json');
    process.kill(JSON.parse(await readFile(path, 'utf8')).launcher.pid, 'SIGKILL');
    await waitUntil(async () => (await processesWith(mark)).length === 0, { timeoutMs: 60_000, what: 'its end' });
    expect(await fixture().observe(id)).toMatchObject({ status: 'exited', exitCode: undefined });
    await fixture().driver.remove(id);
  });
});

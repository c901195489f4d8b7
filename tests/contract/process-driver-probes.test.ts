import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeBoth, IDLE } from './process-fixture.ts';

/** How the process driver asks an instance whether it is well. */

describeBoth((fixture) => {
  it('asks with a command, in the surroundings of the instance', async () => {
    const hostPath = await fixture().storage('vol_1');
    await writeFile(join(hostPath, 'schema'), '');
    const mounts = [{ name: 'data', hostPath, mountPath: '/data' }];
    const id = await fixture().start(IDLE, { mounts, environment: { ROLE: 'web' } });
    await fixture().line(id, /ready/);
    const ask = (command: string, timeoutMs = 60_000) =>
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
    const ask = (path: string, timeoutMs = 60_000) => fixture().driver.probe(id, { kind: 'http', path, timeoutMs });
    await fixture().line(id, /ready/);
    expect(await ask('/ok')).toEqual({ healthy: true });
    expect(await ask('/moved')).toEqual({ healthy: true });
    expect(await ask('/bad')).toEqual({ healthy: false, reason: 'GET /bad answered 503' });
    expect(await ask('/slow', 300)).toEqual({ healthy: false, reason: 'GET /slow: no answer in 300 ms' });
    const deaf = await fixture().start(IDLE, { listens: true });
    expect(await fixture().driver.probe(deaf, { kind: 'tcp', timeoutMs: 60_000 })).toEqual({
      healthy: false,
      reason: 'connection refused',
    });
  });
});

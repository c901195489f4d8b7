import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePortRange } from '../support/free-port.ts';
import { describeBoth, IDLE, ProcessFixture } from './process-fixture.ts';

/** Which processes are whose: after a crash of the driver, and beside the drivers of other platforms. */

describeBoth((fixture, options) => {
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

  it('leaves instances of other data directories alone, also those of the same id', async () => {
    const other = await ProcessFixture.open(options);
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

  it('gives drivers of other data directories other ports', async () => {
    const ports = await freePortRange(4);
    const others = await Promise.all([1, 2].map(() => ProcessFixture.open({ ...options, ports })));
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
});

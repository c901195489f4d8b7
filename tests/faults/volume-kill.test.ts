import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { createDirectoryVolumeDriver } from '../../src/volumes/drivers/directory-driver.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ROUNDS = 25;
const FILES = 40;

/** Starts the worker, kills it `afterMs` after it is ready, and gives what it said. */
async function runAndKill(
  directory: string,
  { prefix, afterMs }: { prefix: string; afterMs: number },
): Promise<string[][]> {
  const worker = spawn(process.execPath, [join(import.meta.dirname, 'volume-worker.ts'), directory, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(worker, 'exit');
  const said: string[][] = [];
  const lines = createInterface({ input: worker.stdout });
  lines.once('line', () => setTimeout(() => worker.kill('SIGKILL'), afterMs));
  for await (const line of lines) said.push(line.split(' '));
  expect(await ended).toEqual([null, 'SIGKILL']);
  return said;
}

test(`a driver that is killed ${ROUNDS} times keeps what it answered and leaves nothing half-made`, async () => {
  await using temporary = await temporaryDirectory();
  const directory = temporary.path;
  for (let round = 0; round < ROUNDS; round++) {
    const said = await runAndKill(directory, { prefix: `r${round}`, afterMs: 5 + ((round * 37) % 400) });
    const answered = (what: string) => said.filter(([word]) => word === what).map(([, id = '']) => id);

    const driver = createDirectoryVolumeDriver({ directory });
    const volumes = new Map((await driver.list()).map((volume) => [volume.id, volume]));
    expect(await readdir(join(directory, '.staging'))).toEqual([]);
    const leaving = new Set(answered('destroying'));
    for (const id of answered('volume')) if (!leaving.has(id)) expect(volumes.keys()).toContain(id);
    for (const id of answered('destroyed')) expect(volumes.keys()).not.toContain(id);
    for (const id of answered('snapshot')) expect(volumes.get(id)?.snapshots.map((s) => s.id)).toEqual(['full']);
    const detached = new Set(answered('detached'));
    for (const id of answered('attached')) {
      const holder = volumes.get(id)?.attachedTo;
      if (detached.has(id)) expect(holder).toBeNull();
      else expect([`holder-of-${id}`, null]).toContain(holder);
      if (holder) await expect(driver.attach(id, 'another')).rejects.toMatchObject({ code: 'volume.attached' });
    }
    for (const { id, snapshots } of volumes.values()) {
      const whole = id.endsWith('-copy') ? [join(directory, id, 'data')] : [];
      const copies = snapshots.map((snapshot) => join(directory, id, 'snapshots', snapshot.id, 'data'));
      for (const path of [...whole, ...copies]) expect(await readdir(path)).toHaveLength(FILES);
      expect((await readdir(join(directory, id))).sort()).toEqual(['data', 'snapshots', 'volume.json']);
      await driver.detach(id, `holder-of-${id}`);
      await driver.destroy(id);
    }
    expect(await driver.list()).toEqual([]);
  }
});

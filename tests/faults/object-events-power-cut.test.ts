import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { PowerCutDisk, powerCutObstacle } from '../support/power-cut-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { EventsBench } from './object-events-bench.ts';

const CUTS = 8;
const DISK_BYTES = 384 * 2 ** 20;

const obstacle = powerCutObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

test.skipIf(obstacle !== undefined && process.env.CI !== 'true')(
  `tells a webhook of every acknowledged change over ${CUTS} power cuts, those of a key in order${needs}`,
  async () => {
    await using directory = await temporaryDirectory();
    await using disk = await PowerCutDisk.create({ directory: directory.path, bytes: DISK_BYTES });
    const role = join(disk.path, 'role');
    await using bench = await EventsBench.create(role);
    const boot = async () => {
      await disk.powerOn();
      await beginOtherLife(join(role, 'store'));
    };
    bench.isDeaf = true;
    for (let cut = 0; cut < CUTS; cut++) {
      await boot();
      const before = bench.acknowledged;
      const { child, writing } = await bench.writeUntilGone();
      await waitUntil(() => bench.acknowledged > before + 10, { timeoutMs: 60_000, what: 'the first answers' });
      await sleep(randomInt(800)); // any moment
      await disk.cutPower();
      await child.stop('SIGKILL');
      await writing;
      await disk.detach();
    }
    expect(bench.received.size).toBe(0);
    bench.isDeaf = false;
    await boot();
    await bench.tellTheRest();
    await disk.detach();
    expect(bench.received.size, 'the writers got somewhere').toBeGreaterThan(CUTS * 10);
    for (const [key, sequencers] of bench.order) expect(sequencers, key).toEqual(sequencers.toSorted());
  },
);

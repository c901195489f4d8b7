import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { faultyDiskObstacle } from '../support/faulty-disk.ts';
import { StoreOnFaultyDisk } from './object-engine-faulty-store.ts';
import { contentOf, History, type Operation } from './object-engine-history.ts';
import { discrepancies } from './object-engine-judge.ts';

const WRITERS = 8;
const KEYS = 12;
/** Writes that fail before each end of the session. */
const FAILURES = 40;
const metadata = { contentType: 'text/plain', headers: {}, user: {} };

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

/** How a session ends whose last writes have failed, and the next one begins on a disk that is well. */
const ENDS: Readonly<Record<string, (bed: StoreOnFaultyDisk) => Promise<void>>> = {
  'a restart': restart,
  'a power cut': (bed) => bed.powerCut(),
  'a restart, a write and a power cut': async (bed) => {
    await restart(bed);
    await bed.createOther();
    await bed.powerCut();
  },
};

async function restart(bed: StoreOnFaultyDisk): Promise<void> {
  await bed.close();
  await bed.disk.fail({});
  await bed.open();
}

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`a disk that fails now and then${needs}`, () => {
  test.each(['ext4', 'xfs'] as const)(
    'on %s, what was acknowledged meanwhile is there in the end',
    async (fileSystem) => {
      await using bed = await StoreOnFaultyDisk.create(fileSystem);
      const history = new History();
      for (const [name, end] of Object.entries(ENDS)) {
        await writeWithFailures(bed, history);
        await end(bed);
        expect(await discrepancies(bed.store, 'data', history), `after ${name}`).toEqual([]);
      }
    },
  );
});

/** Until enough has failed, and as much was acknowledged. The last writes fail. */
async function writeWithFailures(bed: StoreOnFaultyDisk, history: History): Promise<void> {
  const enough = history.acknowledged + FAILURES;
  let failures = 0;
  let isOver = false;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    while (!isOver) {
      const operation = anyOperation(writer);
      history.tried(operation);
      const failed = await perform(bed, operation).catch((error: unknown) => error);
      if (!failed) history.done(operation);
      else {
        expect(failed).toMatchObject({ code: 'journal.failed' });
        failures++;
      }
    }
  });
  const hasFailed = async () => {
    await bed.failBatches(1 + randomInt(2));
    await sleep(randomInt(10)); // any moment
    return failures >= FAILURES && history.acknowledged >= enough;
  };
  await waitUntil(hasFailed, { timeoutMs: 60_000, intervalMs: 1, what: 'failed writes' });
  await bed.failBatches();
  isOver = true;
  await Promise.all(writers);
}

function anyOperation(writer: number): Operation {
  const key = `writer-${writer}/key-${randomInt(KEYS)}`;
  const size = randomInt(5) === 0 ? randomInt(200_000) : randomInt(6000);
  return { kind: randomInt(4) === 0 ? 'remove' : 'put', key, seed: randomInt(2 ** 31), size, writer };
}

async function perform({ store }: StoreOnFaultyDisk, { kind, key, seed, size }: Operation): Promise<void> {
  if (kind === 'put') await store.put({ bucket: 'data', key, body: contentOf(seed, size), metadata });
  else await store.remove('data', key);
}

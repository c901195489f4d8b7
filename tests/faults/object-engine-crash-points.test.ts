import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { Recorded } from '../support/disk-recording.ts';
import { FaultyDisk, type FaultyDiskOptions, faultyDiskObstacle } from '../support/faulty-disk.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { History, storeSizes } from './object-engine-history.ts';
import { discrepancies, takeDown } from './object-engine-judge.ts';

const DISK_BYTES = 384 * 2 ** 20;
const BUCKET = 'data';
/** Of the states behind all flushes, so many are looked at. */
const POINTS = 7;
const FLUSHES = 400;
const WRITER = join(import.meta.dirname, 'object-engine-writer.ts');

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

const FILE_SYSTEMS: readonly Pick<FaultyDiskOptions, 'fileSystem' | 'mountOptions'>[] = [
  { fileSystem: 'xfs', mountOptions: [] },
  { fileSystem: 'ext4', mountOptions: ['data=writeback'] },
];

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`crashes${needs}`, () => {
  test.each(FILE_SYSTEMS)(
    `of one run on $fileSystem $mountOptions, the store after a crash at any flush holds what was acknowledged before it`,
    async (fileSystem) => {
      await using directory = await temporaryDirectory();
      await using disk = await FaultyDisk.create({ directory: directory.path, bytes: DISK_BYTES, ...fileSystem });
      const recorded = await runWriters(disk, join(directory.path, 'story'));
      const { acknowledged } = historyAt(recorded, recorded.flushes);
      expect(acknowledged, 'the writers got somewhere').toBeGreaterThan(FLUSHES / 5);
      for (let point = 1; point <= POINTS; point++) {
        const flushes = Math.floor((recorded.flushes * point) / POINTS) - randomInt(3);
        const isTorn = point % 2 === 0;
        const wrong = await judge(disk, historyAt(recorded, flushes), { flushes, isTorn });
        expect(wrong, `after ${flushes} of ${recorded.flushes} flushes`).toEqual([]);
      }
      const early = { flushes: Math.floor(recorded.flushes / 2), isTorn: false };
      expect(
        await judge(disk, historyAt(recorded, recorded.flushes), early),
        'the judge sees what is missing',
      ).not.toEqual([]);
    },
  );
});

/** What eight writers do and say until they are killed, with every state of the disk. */
async function runWriters(disk: FaultyDisk, story: string): Promise<Recorded> {
  await disk.mount();
  await exec(['mkfifo', story]);
  await disk.record(story);
  const said = await open(story, 'w');
  const child = spawn(process.execPath, [WRITER, join(disk.path, 'store'), '8', BUCKET], {
    stdio: ['ignore', said.fd, 'inherit'],
  });
  const exited = once(child, 'exit');
  const isEnough = async () => child.exitCode !== null || (await disk.flushes()) >= FLUSHES;
  await waitUntil(isEnough, { timeoutMs: 60_000, what: 'enough flushes' });
  child.kill('SIGKILL');
  await exited;
  await said.close();
  const recorded = await disk.recorded();
  await disk.powerCut();
  return recorded;
}

/** What had been said before that flush. */
function historyAt({ story }: Recorded, flushes: number): History {
  const history = new History();
  for (const said of story) if (said.flushes <= flushes) takeDown(said.line, history);
  return history;
}

/** What is wrong in the store when the machine starts again. */
async function judge(
  disk: FaultyDisk,
  history: History,
  { flushes, isTorn }: { readonly flushes: number; readonly isTorn: boolean },
): Promise<readonly string[]> {
  await disk.rewind(flushes, { torn: isTorn });
  await disk.mount();
  const directory = join(disk.path, 'store');
  try {
    await beginOtherLife(directory).catch(() => {}); // before the store's directory was there
    const store = await openEngine({ directory, ...storeSizes }).catch((error: Error) => error);
    if (store instanceof Error) return [`the store does not open: ${store}`];
    try {
      return await discrepancies(store, BUCKET, history);
    } finally {
      await store.close();
    }
  } finally {
    await disk.unmount();
  }
}

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import type { Recorded } from '../support/disk-recording.ts';
import { FaultyDisk, type FaultyDiskOptions, faultyDiskObstacle } from '../support/faulty-disk.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { BucketJudge } from './object-bucket-judge.ts';
import { History, storeSizes } from './object-engine-history.ts';
import { discrepancies, takeDown } from './object-engine-judge.ts';

const DISK_BYTES = 384 * 2 ** 20;
const BUCKET = 'data';
/** Of the states behind all flushes, so many are looked at. */
const POINTS = 5;
const FLUSHES = 300;
const BUCKETS = 4;

/** A program that writes until it ends, and what is wrong in a store by what it has said. */
interface Writer {
  readonly args: readonly string[];
  readonly judge: (store: ObjectStore, lines: readonly string[]) => Promise<readonly string[]>;
}

const objects: Writer = {
  args: ['object-engine-writer.ts', '8', BUCKET],
  judge: (store, lines) => {
    const history = new History();
    for (const line of lines) takeDown(line, history);
    return discrepancies(store, BUCKET, history);
  },
};

const versions: Writer = {
  args: ['object-bucket-writer.ts', String(BUCKETS)],
  judge: async (store, lines) => {
    const judge = await BucketJudge.create(BUCKETS);
    for (const line of lines) judge.takeDown(line);
    return judge.discrepancies(store);
  },
};

const obstacle = faultyDiskObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

interface Run {
  readonly writer: Writer;
  readonly what: string;
  readonly on: string;
  readonly fileSystem: Pick<FaultyDiskOptions, 'fileSystem' | 'mountOptions'>;
}

const RUNS: readonly Run[] = [
  { writer: objects, what: 'objects', on: 'xfs', fileSystem: { fileSystem: 'xfs' } },
  {
    writer: versions,
    what: 'versions, snapshots and forks',
    on: 'ext4 with data=writeback',
    fileSystem: { fileSystem: 'ext4', mountOptions: ['data=writeback'] },
  },
];

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`crashes${needs}`, () => {
  test.each(RUNS)(
    'of one run on $on, the store after a crash at any flush holds the $what that were acknowledged before it',
    async ({ writer, fileSystem }) => {
      await using directory = await temporaryDirectory();
      await using disk = await FaultyDisk.create({ directory: directory.path, bytes: DISK_BYTES, ...fileSystem });
      const recorded = await record(disk, { story: join(directory.path, 'story'), writer });
      const wrongAt = (flushes: number, { isTorn = false, lines = saidBefore(recorded, flushes) } = {}) =>
        judge(disk, { flushes, isTorn }, (store) => writer.judge(store, lines));
      expect(recorded.story.length, 'the writers got somewhere').toBeGreaterThan(FLUSHES / 5);
      for (let point = 1; point <= POINTS; point++) {
        const flushes = Math.floor((recorded.flushes * point) / POINTS) - randomInt(3);
        const wrong = await wrongAt(flushes, { isTorn: point % 2 === 0 });
        expect(wrong, `after ${flushes} of ${recorded.flushes} flushes`).toEqual([]);
      }
      const lines = saidBefore(recorded, recorded.flushes);
      expect(await wrongAt(recorded.flushes / 2, { lines }), 'the judge sees what is missing').not.toEqual([]);
    },
  );
});

interface RecordedRun {
  readonly writer: Writer;
  /** Of a FIFO that is made. */
  readonly story: string;
}

/** What the writer does and says until it is killed, with every state of the disk. */
async function record(disk: FaultyDisk, { writer, story }: RecordedRun): Promise<Recorded> {
  await disk.mount();
  await exec(['mkfifo', story]);
  await disk.record(story);
  const said = await open(story, 'w');
  const [program = '', ...args] = writer.args;
  const command = [join(import.meta.dirname, program), join(disk.path, 'store'), ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', said.fd, 'inherit'] });
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

function saidBefore({ story }: Recorded, flushes: number): readonly string[] {
  return story.filter((said) => said.flushes <= flushes).map(({ line }) => line);
}

interface Crash {
  readonly flushes: number;
  /** Some of what was written after that is there, too. */
  readonly isTorn: boolean;
}

/** What is wrong in the store when the machine starts again. */
async function judge(
  disk: FaultyDisk,
  { flushes, isTorn }: Crash,
  compare: (store: ObjectStore) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  await disk.rewind(flushes, { torn: isTorn });
  await disk.mount();
  const directory = join(disk.path, 'store');
  try {
    await beginOtherLife(directory).catch(() => {}); // before the store's directory was there
    const store = await openEngine({ directory, ...storeSizes }).catch((error: Error) => error);
    if (store instanceof Error) return [`the store does not open: ${store}`];
    try {
      return await compare(store);
    } finally {
      await store.close();
    }
  } finally {
    await disk.unmount();
  }
}

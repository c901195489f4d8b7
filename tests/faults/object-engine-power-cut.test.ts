import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { beginOtherLife } from '../support/other-life.ts';
import { PowerCutDisk, powerCutObstacle } from '../support/power-cut-disk.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts';
import { BucketJudge } from './object-bucket-judge.ts';
import { History, storeSizes } from './object-engine-history.ts';
import { discrepancies, listen } from './object-engine-judge.ts';

const CYCLES = 20;
const BUCKET_CYCLES = 8;
const BUCKETS = 4;
/** Before each cut: so many that the journal goes on, however slow the machine is. */
const ANSWERS = 150;
const BUCKET = 'data';
const DISK_BYTES = 384 * 2 ** 20;

/** A program that writes until it ends, and who compares with what it said. */
interface Writer {
  readonly command: (store: string) => readonly string[];
  readonly hear: (child: ChildProcess) => Promise<void>;
  readonly acknowledged: () => number;
  readonly judge: (store: ObjectStore) => Promise<readonly string[]>;
}

const program = (name: string) => join(import.meta.dirname, name);

function plainWriter(history: History): Writer {
  return {
    command: (store) => [program('object-engine-writer.ts'), store, '8', BUCKET],
    hear: (child) => listen(child, history),
    acknowledged: () => history.acknowledged,
    judge: (store) => discrepancies(store, BUCKET, history),
  };
}

function bucketWriter(judge: BucketJudge): Writer {
  return {
    command: (store) => [program('object-bucket-writer.ts'), store, String(BUCKETS)],
    hear: (child) => judge.hear(child.stdout),
    acknowledged: () => judge.acknowledged,
    judge: (store) => judge.discrepancies(store),
  };
}

const obstacle = powerCutObstacle();
const needs = obstacle ? ` (${obstacle})` : '';

describe.skipIf(obstacle !== undefined && process.env.CI !== 'true')(`power cuts${needs}`, () => {
  test(`every acknowledged object is there after each of ${CYCLES} power cuts`, async () => {
    await using machine = await Machine.create();
    const history = new History();
    const writer = plainWriter(history);
    for (let cycle = 1; cycle <= CYCLES; cycle++) {
      await machine.writeUntilPowerCut(writer, { answers: ANSWERS, more: () => sleep(randomInt(800)) });
      // Again, while the store opens after the first cut or soon after.
      if (cycle % 4 === 0) await machine.writeUntilPowerCut(writer);
      expect(await machine.judge(writer), `cycle ${cycle}`).toEqual([]);
    }
    expect(history.acknowledged, 'the writers got somewhere').toBeGreaterThan(CYCLES * 20);
    const segments = await machine.segments();
    const lifetime = Number.parseInt(segments.at(-1) ?? '0', 10);
    expect(lifetime, 'segments were compacted and recycled under the cuts').toBeGreaterThan(segments.length + 5);
    await machine.disk.checkFileSystem();
  });

  test(`versions, snapshots and forks are there after each of ${BUCKET_CYCLES} power cuts`, async () => {
    await using machine = await Machine.create();
    const judge = await BucketJudge.create(BUCKETS);
    const writer = bucketWriter(judge);
    for (let cycle = 1; cycle <= BUCKET_CYCLES; cycle++) {
      const afterSome = { answers: 15, more: () => sleep(randomInt(800)) };
      await machine.writeUntilPowerCut(writer, cycle % 4 === 0 ? undefined : afterSome);
      expect(await machine.judge(writer), `cycle ${cycle}`).toEqual([]);
    }
    expect(judge.acknowledged, 'the writers got somewhere').toBeGreaterThan(BUCKET_CYCLES * 10);
    await machine.disk.checkFileSystem();
  });

  const freshWriters = {
    plain: async () => plainWriter(new History()),
    bucket: async () => bucketWriter(await BucketJudge.create(BUCKETS)),
  };

  test.each(Object.entries(freshWriters))(
    'on a file system that never flushes the disk, what was acknowledged is lost: the %s judge sees it',
    async (_name, fresh) => {
      await using machine = await Machine.create(['barrier=0']);
      for (let cycle = 1; cycle <= 2; cycle++) {
        const writer = await fresh();
        await machine.writeUntilPowerCut(writer, { answers: 1, more: () => sleep(200) });
        expect(await machine.judge(writer)).not.toEqual([]);
        await machine.disk.format();
      }
    },
  );
});

interface Moment {
  readonly answers: number;
  readonly more: () => Promise<void>;
}

/** Runs the store on a disk whose power can be cut. */
class Machine implements AsyncDisposable {
  readonly disk: PowerCutDisk;
  readonly #store: string;
  readonly #directory: TemporaryDirectory;

  private constructor(disk: PowerCutDisk, directory: TemporaryDirectory) {
    this.disk = disk;
    this.#store = join(disk.path, 'store');
    this.#directory = directory;
  }

  static async create(mountOptions: readonly string[] = []): Promise<Machine> {
    const directory = await temporaryDirectory();
    const disk = await PowerCutDisk.create({ directory: directory.path, bytes: DISK_BYTES, mountOptions });
    return new Machine(disk, directory);
  }

  /** Lets clients write, and cuts the power: some time after so many answers, or else at any time from the start. */
  async writeUntilPowerCut(writer: Writer, after?: Moment): Promise<void> {
    await this.#boot();
    const before = writer.acknowledged();
    const child = spawn(process.execPath, writer.command(this.#store), { stdio: ['ignore', 'pipe', 'ignore'] });
    const [exited, heard] = [once(child, 'exit'), writer.hear(child)];
    try {
      if (after) {
        const answered = () => writer.acknowledged() >= before + after.answers || child.exitCode !== null;
        await waitUntil(answered, { timeoutMs: 60_000, what: 'the first answers' });
        await after.more();
      } else {
        await sleep(randomInt(150, 600));
      }
      expect(child.exitCode, 'the writer ran until the power was cut').toBeNull();
      await this.disk.cutPower();
    } finally {
      child.kill('SIGKILL');
      await exited;
      await heard;
    }
    await this.disk.detach();
  }

  /** Opens the store after a cut and compares. The machine is shut down in order. */
  async judge(writer: Writer): Promise<readonly string[]> {
    await this.#boot();
    try {
      return await this.#compare(writer);
    } finally {
      await this.disk.detach();
    }
  }

  /** The files of the journal. */
  async segments(): Promise<readonly string[]> {
    await this.#boot();
    try {
      const names = await readdir(join(this.#store, 'journal'));
      return names.filter((name) => name.endsWith('.journal')).sort();
    } finally {
      await this.disk.detach();
    }
  }

  async #compare({ judge }: Writer): Promise<readonly string[]> {
    const engine = await openEngine({ directory: this.#store, ...storeSizes }).catch((error: Error) => error);
    if (engine instanceof Error) return [`the store does not open: ${engine}`];
    try {
      return await judge(engine);
    } finally {
      await engine.close();
    }
  }

  async #boot(): Promise<void> {
    await this.disk.powerOn();
    await beginOtherLife(this.#store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }
}

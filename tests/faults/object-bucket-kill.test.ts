import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { killAtAnyMoment } from './killed-child.ts';
import { BucketJudge } from './object-bucket-judge.ts';
import { storeSizes } from './object-engine-history.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 60);
const BUCKETS = 4;
const writer = join(import.meta.dirname, 'object-bucket-writer.ts');

test(`versions, tags, copies, snapshots and forks are as they were acknowledged over ${ROUNDS} kills`, async () => {
  await using directory = await temporaryDirectory();
  const judge = await BucketJudge.create(BUCKETS);
  for (let round = 0; round < ROUNDS; round++) {
    await runAndKill(directory.path, { judge, round });
    if (round % 2 === 1) await rm(join(directory.path, 'index'), { recursive: true, force: true });
    await using engine = await opened(directory.path);
    expect(await judge.discrepancies(engine.store), `round ${round}`).toEqual([]);
  }
  expect(judge.acknowledged, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
});

async function opened(directory: string) {
  const store = await openEngine({ directory, ...storeSizes });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

interface Run {
  readonly judge: BucketJudge;
  readonly round: number;
}

async function runAndKill(directory: string, { judge, round }: Run): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, String(BUCKETS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = judge.hear(child.stdout);
  await killAtAnyMoment(child, { round, acknowledged: () => judge.acknowledged });
  await heard;
}

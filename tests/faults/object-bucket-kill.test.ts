import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { BucketJudge } from './object-bucket-judge.ts';
import { storeSizes } from './object-engine-history.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 60);
const BUCKETS = 4;
const writer = join(import.meta.dirname, 'object-bucket-writer.ts');

test(`versions, tags, copies, snapshots and forks are as they were acknowledged over ${ROUNDS} kills`, {
  timeout: 900_000,
}, async () => {
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

/** At any moment: while the store opens, replays, writes, compacts. */
async function runAndKill(directory: string, { judge, round }: Run): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, String(BUCKETS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = judge.hear(child.stdout);
  const before = judge.acknowledged;
  const answered = () => judge.acknowledged > before || child.exitCode !== null;
  if (round % 4 === 3) await sleep(randomInt(150, 500));
  else {
    await waitUntil(answered, { timeoutMs: 30_000, intervalMs: 5, what: 'the first answer' });
    await sleep(randomInt(500));
  }
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal, 'the writer ran until it was killed').toBe('SIGKILL');
  await heard;
}

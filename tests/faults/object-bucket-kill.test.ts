import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { type BucketOperation, describeBucket, perform } from './object-bucket-operations.ts';
import { storeSizes } from './object-engine-history.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 60);
const BUCKETS = 4;
const writer = join(import.meta.dirname, 'object-bucket-writer.ts');

/** What the writer has said: of each bucket, what was answered, and what may or may not have happened. */
interface Said {
  readonly done: BucketOperation[];
  open: BucketOperation | undefined;
}

test(`versions, tags, copies, snapshots and forks are as they were acknowledged over ${ROUNDS} kills`, {
  timeout: 900_000,
}, async () => {
  await using directory = await temporaryDirectory();
  const model = new MemoryObjectStore({ minPartBytes: 1 });
  for (let n = 0; n < BUCKETS; n++) await model.createBucket(`bucket-${n}`);
  let acknowledged = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const said = await runAndKill(directory.path, round);
    if (round % 6 === 5) await rm(join(directory.path, 'index'), { recursive: true, force: true });
    await using engine = await opened(directory.path);
    for (const [number, { done, open }] of said.entries()) {
      const bucket = `bucket-${number}`;
      acknowledged += done.length;
      for (const operation of done) await perform(model, bucket, operation);
      if (!engine.store.bucket(bucket)) await engine.store.createBucket(bucket); // killed before there was one
      const found = await describeBucket(engine.store, bucket);
      const expected = await describeBucket(model, bucket);
      if (open && JSON.stringify(found) !== JSON.stringify(expected)) {
        await perform(model, bucket, open);
        expect(found, `round ${round}, ${bucket}: ${JSON.stringify(open)} happened`).toEqual(
          await describeBucket(model, bucket),
        );
      } else expect(found, `round ${round}, ${bucket}`).toEqual(expected);
    }
  }
  expect(acknowledged, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
});

async function opened(directory: string) {
  const store = await openEngine({ directory, ...storeSizes });
  return { store, [Symbol.asyncDispose]: () => store.close() };
}

/** At any moment: while the store opens, replays, writes, compacts. */
async function runAndKill(directory: string, round: number): Promise<readonly Said[]> {
  const said = Array.from({ length: BUCKETS }, (): Said => ({ done: [], open: undefined }));
  const child = spawn(process.execPath, [writer, directory, String(BUCKETS)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = hear(child.stdout, said);
  const answered = () => said.some(({ done }) => done.length > 0) || child.exitCode !== null;
  if (round % 4 === 3) await sleep(randomInt(150, 500));
  else {
    await waitUntil(answered, { timeoutMs: 30_000, intervalMs: 5, what: 'the first answer' });
    await sleep(randomInt(500));
  }
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal, 'the writer ran until it was killed').toBe('SIGKILL');
  await heard;
  return said;
}

async function hear(output: NodeJS.ReadableStream, said: readonly Said[]): Promise<void> {
  for await (const line of createInterface({ input: output })) {
    const parsed = parse(line);
    const of = said[parsed?.bucket ?? -1];
    if (!parsed || !of) continue;
    of.open = parsed.word === 'try' ? parsed.operation : undefined;
    if (parsed.word === 'done') of.done.push(parsed.operation);
  }
}

/** The last line can be cut by the kill: then it was not said. */
function parse(line: string) {
  try {
    return JSON.parse(line) as { word: 'try' | 'done'; bucket: number; operation: BucketOperation };
  } catch {
    return undefined;
  }
}

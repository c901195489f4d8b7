import { expect, test } from 'vitest';
import { inTurns } from './in-turns.ts';

function* workFor(ms: number): Generator<void, string> {
  for (const end = performance.now() + ms; performance.now() < end; ) yield;
  return 'done';
}

test('long work lets others have their turns', async () => {
  let turns = 0;
  const turn = () => {
    turns++;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  expect(await inTurns(workFor(60))).toBe('done');
  clearImmediate(immediate);
  expect(turns).toBeGreaterThan(3);
});

test('short work is done at once', async () => {
  const isDone = await Promise.race([
    inTurns(workFor(0)).then(() => true),
    new Promise((resolve) => setImmediate(resolve, false)),
  ]);
  expect(isDone).toBe(true);
});

test('what the work throws is thrown', async () => {
  const work = (function* (): Generator<void, never> {
    yield;
    throw new Error('broken');
  })();
  await expect(inTurns(work)).rejects.toThrow('broken');
});

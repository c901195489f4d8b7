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

test('much work of several lets others have their turns as well', async () => {
  let turns = 0;
  const turn = () => {
    turns++;
    immediate = setImmediate(turn);
  };
  let immediate = setImmediate(turn);
  await Promise.all(Array.from({ length: 20 }, () => inTurns(workFor(3))));
  clearImmediate(immediate);
  expect(turns).toBeGreaterThan(3);
});

test('short work does not wait for the end of long work', async () => {
  let isLongDone = false;
  const long = inTurns(workFor(60)).then(() => {
    isLongDone = true;
  });
  await inTurns(workFor(0));
  expect(isLongDone).toBe(false);
  await long;
});

test('what the work throws is thrown', async () => {
  const work = (function* (): Generator<void, never> {
    yield;
    throw new Error('broken');
  })();
  await expect(inTurns(work)).rejects.toThrow('broken');
});

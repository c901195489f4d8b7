import { expect, test } from 'vitest';
import { HOLD_MS } from './app-specs.ts';
import { runHistory } from './history.ts';
import { runHistories } from './run-histories.ts';

test('the same seed gives the same run, another one another', async () => {
  for (const seed of [3, 7, 19, 42]) {
    const [first, second] = [await runHistory(seed), await runHistory(seed)];
    expect(second.hash).toBe(first.hash);
    expect((await runHistory(seed + 1)).hash).not.toBe(first.hash);
  }
});

test('with good releases and no faults, requests of a service with a volume wait less than the edge holds them', async () => {
  const { longestGapMs, total } = await runHistories(1, 100, { calm: true });
  expect(longestGapMs).toBeGreaterThan(0);
  expect(longestGapMs).toBeLessThan(HOLD_MS);
  expect([...total.keys()].filter((status) => !['succeeded', 'crashes', 'purges'].includes(status))).toEqual([]);
});

import { expect, test } from 'vitest';
import { HybridClock } from '../hybrid-clock.ts';
import { SHARDS, shardOf } from './shards.ts';

const FILES = 100 * SHARDS;

/** How many files the fullest shard has, where each has 100 in the mean. */
function fullest(gapMs: () => number): number {
  let now = Date.UTC(2026, 0, 1);
  const clock = new HybridClock({ now: () => now, sleep: async () => {} });
  const files = new Array<number>(SHARDS).fill(0);
  for (let i = 0; i < FILES; i++) {
    now += gapMs();
    const shard = shardOf(clock.tick());
    files[shard] = (files[shard] ?? 0) + 1;
  }
  return Math.max(...files);
}

test.each([0.2, 1, 7, 250, 256, 1000, 60_000, 3600_000])('a file each %d ms is put into all shards evenly', (ms) => {
  expect(fullest(() => ms)).toBeLessThan(150);
});

test('files that come when they like, some of them together, are put into all shards evenly', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed / 0x7fffffff;
  };
  expect(fullest(() => (random() < 0.3 ? 0 : Math.floor(random() * 5000)))).toBeLessThan(150);
});

import { expect, test } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { wallTime } from '../store/stamp.ts';
import { HybridClock } from './hybrid-clock.ts';

test('stamps grow though the wall clock steps back, and stay close to it', () => {
  let now = 1_700_000_000_000;
  const wall: Clock = { now: () => now, sleep: async () => {} };
  const clock = new HybridClock(wall);
  const first = clock.tick();
  expect(wallTime(first)).toBe(now);
  now -= 60_000;
  const second = clock.tick();
  expect(second).toBe(first + 1);
  now += 120_000;
  expect(wallTime(clock.tick())).toBe(now);
  expect(Number.isSafeInteger(clock.last)).toBe(true);
});

test('a stamp that was seen is never given again', () => {
  const wall: Clock = { now: () => 1000, sleep: async () => {} };
  const clock = new HybridClock(wall);
  clock.observe(5_000_000_000);
  expect(clock.tick()).toBe(5_000_000_001);
});

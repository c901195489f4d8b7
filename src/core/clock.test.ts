import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

test('a sleep of a month does not end at once', async () => {
  const waking = new AbortController();
  let isOver = false;
  const sleeping = systemClock.sleep(31 * 24 * 3_600_000, { signal: waking.signal }).then(() => {
    isOver = true;
  });
  await systemClock.sleep(20);
  expect(isOver).toBe(false);
  waking.abort();
  await expect(sleeping).rejects.toMatchObject({ name: 'AbortError' });
});

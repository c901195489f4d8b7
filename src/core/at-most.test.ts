import { expect, test } from 'vitest';
import { AtMost } from './at-most.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('no more are at work than may be, whoever fails', async () => {
  const atMost = new AtMost(2);
  const order: number[] = [];
  let busy = 0;
  let most = 0;
  const work = async (n: number) => {
    order.push(n);
    most = Math.max(most, ++busy);
    await turn();
    busy--;
    if (n % 3 === 0) throw new Error(`broken ${n}`);
    return n;
  };
  const numbers = [0, 1, 2, 3, 4, 5, 6];
  const results = await Promise.allSettled(numbers.map((n) => atMost.run(() => work(n))));
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(numbers.map((n) => n % 3 !== 0));
  expect(order).toEqual(numbers);
  expect(most).toBe(2);
  expect(await atMost.run(async () => 'again')).toBe('again');
});

test('a queue of any length goes in order, also where more come while it goes', async () => {
  const atMost = new AtMost(2);
  const order: number[] = [];
  const work = async (n: number): Promise<void> => {
    order.push(n);
    await Promise.resolve();
    if (n < 1000 && n % 3 === 0) runs.push(atMost.run(() => work(1000 + n)));
  };
  const runs = Array.from({ length: 1000 }, (_, n) => atMost.run(() => work(n)));
  for (const run of runs) await run;
  const late = order.filter((n) => n >= 1000);
  expect(order.filter((n) => n < 1000)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  expect(late).toEqual(late.toSorted((a, b) => a - b));
  expect(late).toHaveLength(334);
});

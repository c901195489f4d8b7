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

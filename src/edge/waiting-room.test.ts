import { expect, test } from 'vitest';
import { WaitingRoom } from './waiting-room.ts';

test('all are woken in the order of arrival', async () => {
  const room = new WaitingRoom(10);
  const order: number[] = [];
  const ends = [1, 2, 3].map((n) => room.enter(10_000)?.end.then(() => order.push(n)));
  room.wakeAll();
  await Promise.all(ends);
  expect(order).toEqual([1, 2, 3]);
  expect(room.size).toBe(0);
});

test('a full room refuses; a place given up or timed out is free again', async () => {
  const room = new WaitingRoom(2);
  const leaver = room.enter(10_000);
  const sleeper = room.enter(1);
  expect(room.enter(10_000)).toBeUndefined();
  leaver?.leave();
  expect(await leaver?.end).toBe('left');
  expect(await sleeper?.end).toBe('timed-out');
  expect(room.size).toBe(0);
});

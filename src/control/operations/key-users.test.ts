import { expect, test } from 'vitest';
import { usersOfKey } from './key-users.ts';

const instance = (id: string, createdAt: number, { service = 'web', phase = 'active' as const } = {}) => ({
  id,
  service,
  phase,
  createdAt,
});
const key = (createdAt: number, owner = 'shop/web') => ({ owner, createdAt });

test('an instance runs with the newest key that its service had when it was started', () => {
  const keys = [key(10), key(20), key(30), key(15, 'shop/worker'), key(25, 'other/web')];
  const instances = [
    instance('first', 9), // its key was made for it
    instance('second', 19),
    instance('third', 20),
    instance('fourth', 40),
    instance('worker', 12, { service: 'worker' }),
    { ...instance('crashed', 12), phase: 'failed' as const },
  ];
  const users = (createdAt: number, owner?: string) => usersOfKey(key(createdAt, owner), { keys, instances });
  expect(users(10)).toEqual(['first', 'second']);
  expect(users(20)).toEqual(['third']);
  expect(users(30)).toEqual(['fourth']);
  expect(users(15, 'shop/worker')).toEqual(['worker']);
  expect(usersOfKey(key(10, 'key:camera'), { keys, instances })).toEqual([]);
});

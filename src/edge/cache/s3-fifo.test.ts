import { expect, test } from 'vitest';
import { S3Fifo } from './s3-fifo.ts';

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test('never holds more than it may, and names all that leave', () => {
  const queue = new S3Fifo(100);
  const held = new Set<string>();
  for (const [i, id] of ids('e', 500).entries()) {
    held.add(id);
    for (const gone of queue.add(id, (i % 7) + 1)) expect(held.delete(gone)).toBe(true);
    expect(queue.bytes).toBeLessThanOrEqual(100);
    if (i % 3 === 0) queue.touch(id);
  }
  expect(held.size).toBeGreaterThan(10);
});

test('what is asked for again stays while a crawler passes through', () => {
  const queue = new S3Fifo(100);
  const hot = ids('hot', 20);
  for (const id of hot) queue.add(id, 1);
  for (const id of hot) queue.touch(id);
  const gone = ids('once', 1000).flatMap((id) => queue.add(id, 1));
  expect(gone.filter((id) => id.startsWith('hot'))).toEqual([]);
});

test('what comes back soon after it left is taken at once', () => {
  const queue = new S3Fifo(100);
  queue.add('back', 1);
  const fill = (prefix: string) => ids(prefix, 200).flatMap((id) => queue.add(id, 1));
  expect(fill('a')).toContain('back');
  queue.add('back', 1);
  expect(fill('b')).not.toContain('back');
});

test('an entry takes the place of one of its id; one that is too large leaves at once', () => {
  const queue = new S3Fifo(100);
  queue.add('a', 60);
  expect(queue.add('a', 70)).toEqual([]);
  expect(queue.bytes).toBe(70);
  expect(queue.add('a', 101)).toEqual(['a']);
  expect(queue.bytes).toBe(0);
  queue.remove('a');
  expect(queue.bytes).toBe(0);
});

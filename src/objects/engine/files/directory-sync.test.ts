import { beforeEach, expect, test } from 'vitest';
import { DirectorySync } from './directory-sync.ts';

let syncs: PromiseWithResolvers<void>[];
let directory: DirectorySync;

beforeEach(() => {
  syncs = [];
  directory = new DirectorySync('/names', () => {
    const begun = Promise.withResolvers<void>();
    syncs.push(begun);
    return begun.promise;
  });
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('who asks while a sync is under way waits for the next, which all of them share', async () => {
  const settled: string[] = [];
  const ask = (name: string) => directory.run().then(() => settled.push(name));
  const all = [ask('first'), ask('second'), ask('third')];
  await turn();
  expect(syncs).toHaveLength(1);
  syncs[0]?.resolve();
  await turn();
  expect(settled).toEqual(['first']);
  all.push(ask('fourth'));
  await turn();
  expect(syncs).toHaveLength(2);
  syncs[1]?.resolve();
  await turn();
  expect(settled).toEqual(['first', 'second', 'third']);
  syncs[2]?.resolve();
  await Promise.all(all);
  expect(syncs).toHaveLength(3);
});

test('a sync that fails is told to those it was for, and to nobody else', async () => {
  const first = directory.run();
  const second = directory.run();
  await turn();
  syncs[0]?.reject(new Error('broken'));
  await expect(first).rejects.toThrow('broken');
  await turn();
  syncs[1]?.resolve();
  await second;
});

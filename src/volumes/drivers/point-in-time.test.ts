import { access, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../core/clock.ts';
import { copyTree } from '../../core/copy-tree.ts';
import { HoldfastError } from '../../core/errors.ts';
import { copyPointInTime } from './point-in-time.ts';

let top: string;
let from: string;
let to: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hf-point-'));
  from = join(top, 'from');
  to = join(top, 'to');
  await mkdir(from);
  await writeFile(join(from, 'file'), '1');
});
afterEach(() => rm(top, { recursive: true }));

/** Copies, and runs `meanwhile` with the number of the copy before the copy counts. */
function copyAnd(meanwhile: (copies: number) => Promise<void>): { copy: typeof copyTree; count: () => number } {
  let copies = 0;
  const copy: typeof copyTree = async (source, target) => {
    await copyTree(source, target);
    await meanwhile(++copies);
  };
  return { copy, count: () => copies };
}

it('takes the copy of a tree at rest', async () => {
  const { copy, count } = copyAnd(async () => {});
  expect(await copyPointInTime(from, to, { clock: systemClock, copy })).toBe(true);
  expect(count()).toBe(1);
  expect(await readFile(join(to, 'file'), 'utf8')).toBe('1');
});

it.each<[string, () => Promise<void>]>([
  ['a write', () => writeFile(join(from, 'file'), '2')],
  [
    'a write that puts the time back',
    async () => {
      await writeFile(join(from, 'file'), '2');
      await utimes(join(from, 'file'), 1, 1);
    },
  ],
  ['a new file', () => writeFile(join(from, 'new'), '2')],
])('copies again after %s during the copy', async (_what, change) => {
  const { copy, count } = copyAnd(async (copies) => {
    if (copies === 1) await change();
  });
  expect(await copyPointInTime(from, to, { clock: systemClock, copy })).toBe(true);
  expect(count()).toBe(2);
});

it('copies again after a file vanished under the copy', async () => {
  const { copy } = copyAnd(async (copies) => {
    if (copies > 1) return;
    throw new HoldfastError({
      code: 'exec.failed',
      kind: 'internal',
      message: "cp: cannot stat 'x': No such file or directory",
    });
  });
  expect(await copyPointInTime(from, to, { clock: systemClock, copy })).toBe(true);
});

it('gives up on a tree that changes all the time, and leaves nothing', async () => {
  const { copy } = copyAnd(async (copies) => writeFile(join(from, 'file'), `${copies}`));
  expect(await copyPointInTime(from, to, { clock: systemClock, copy })).toBe(false);
  await expect(access(to)).rejects.toThrow('ENOENT');
});

it('does not copy again when the disk is full', async () => {
  const full = HoldfastError.from(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  const { copy, count } = copyAnd(() => Promise.reject(full));
  await expect(copyPointInTime(from, to, { clock: systemClock, copy })).rejects.toBe(full);
  expect(count()).toBe(1);
});

it('waits until the last change is older than a tick of the kernel', async () => {
  const slept: number[] = [];
  const clock: Clock = {
    now: () => Date.now() + slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void slept.push(ms),
  };
  await writeFile(join(from, 'file'), '2');
  const { copy } = copyAnd(async () => expect(slept.length).toBeGreaterThan(0));
  expect(await copyPointInTime(from, to, { clock, copy })).toBe(true);
});

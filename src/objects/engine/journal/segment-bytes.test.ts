import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { temporaryDirectory } from '../../../../tests/support/temporary-directory.ts';
import { preallocate, Segment } from './segment.ts';
import { SegmentBytes } from './segment-bytes.ts';

const BLOCK = 4096;
const segmentBytes = 8 * 2 ** 20;

test('what the disk does not give back is found in few reads, and the rest is as it was', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'segment');
  await preallocate(path, segmentBytes);
  await using file = await open(path, 'r+');
  await file.write(Buffer.from('here'), 0, 4, 5 * BLOCK);
  await truncate(path, 1000 * BLOCK); // the blocks behind it cannot be read
  const segment = await Segment.open(path, 1);
  const read = vi.spyOn(segment, 'read');
  const bytes = await SegmentBytes.read(segment, { segmentBytes, salt: 1 });
  await segment.close();
  expect(bytes.all.toString('utf8', 5 * BLOCK, 5 * BLOCK + 4)).toBe('here');
  expect([999, 1000, 2047].map((block) => bytes.isReadable(block * BLOCK))).toEqual([true, false, false]);
  const behind = segmentBytes / BLOCK - 1000;
  expect(read.mock.calls.length).toBeLessThan(1.3 * behind + 100);
  expect(segment.isDamaged).toBe(true);
});

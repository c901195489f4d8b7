import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { Md5Threads } from './digest/md5-threads.ts';
import { BodyWriter } from './files/body-writer.ts';
import { DataFiles } from './files/data-files.ts';
import { HybridClock } from './hybrid-clock.ts';
import { Intake, NEVER_INLINE } from './intake.ts';

const MIB = 2 ** 20;
const content = randomBytes(3 * MIB);

let directory: string;
let threads: Md5Threads;
let intake: Intake;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-intake-'));
  threads = new Md5Threads();
  const bodies = new BodyWriter({ threads });
  intake = new Intake({ files: await DataFiles.open(directory), clock: new HybridClock(systemClock), bodies });
});

afterEach(async () => {
  await threads.close();
  await rm(directory, { recursive: true });
});

async function filesThere(): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function* inMiB(between: () => unknown = () => {}): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += MIB) {
    await between();
    yield content.subarray(at, at + MIB);
  }
}

const take = (body: AsyncIterable<Uint8Array>) =>
  intake.take({ body, size: content.length, inlineLimit: NEVER_INLINE });

test('a large body is a file with its ETag, and its bytes stay as they were', async () => {
  const before = createHash('md5').update(content).digest('hex');
  expect(await take(inMiB())).toMatchObject({ size: content.length, etag: before, files: [{ size: content.length }] });
  expect(createHash('md5').update(content).digest('hex')).toBe(before);
  expect(await filesThere()).toBe(1);
});

test('a thread that dies fails the upload and leaves no file', async () => {
  await expect(take(inMiB(() => threads.close()))).rejects.toThrow('ended');
  expect(await filesThere()).toBe(0);
});

test('a body that breaks off leaves no file and keeps no thread', async () => {
  let pieces = 0;
  const broken = new Error('the client left');
  const body = inMiB(() => {
    if (++pieces === 3) throw broken;
  });
  await expect(take(body)).rejects.toBe(broken);
  expect(await filesThere()).toBe(0);
  expect(threads.take().thread.bodies).toBe(1);
});

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliBench, startCliBench } from '../support/cli-bench.ts';
import { type CliRun, runCliProcess } from '../support/cli-process.ts';
import { MiB } from '../support/s3-client-program.ts';

/** Transfers that are ended in the middle go on where they were: counted in bytes on the wire. */

const PART = 8 * MiB;
const SIZE = 10 * PART + 12_345;
/**
 * Requests, answers and their heads beside the bytes of the file; and of an object that was opened to be told of,
 * what the server had sent of its body before the client closed it. Far less than a part.
 */
const OVERHEAD = 4 * MiB;

const INTERRUPTED = { code: 130, stderr: expect.stringContaining('the same command goes on where it was') };

let bench: CliBench;
const at = (name: string) => join(bench.home, name);
const sha256 = async (name: string) =>
  createHash('sha256')
    .update(await readFile(at(name)))
    .digest('hex');

beforeAll(async () => {
  bench = await startCliBench('data');
});
afterAll(() => bench?.[Symbol.asyncDispose]());

/** Runs the command until so many bytes have passed, and ends it. */
async function endInTheMiddle(
  args: readonly string[],
  limit: Parameters<CliBench['proxy']['holdAfter']>[0],
  signal: NodeJS.Signals,
): Promise<CliRun> {
  bench.proxy.count();
  const held = bench.proxy.holdAfter(limit);
  const { child, result } = bench.start(...args);
  child.stdin.end();
  await Promise.race([held, once(child, 'exit')]);
  expect(child.exitCode).toBeNull();
  child.kill(signal);
  const run = await result;
  bench.proxy.count();
  return run;
}

async function partsUnderWay(): Promise<{ uploads: number; parts: number }> {
  const { Uploads = [] } = await bench.s3.send(new ListMultipartUploadsCommand({ Bucket: 'data' }));
  const [first] = Uploads;
  if (!first) return { uploads: 0, parts: 0 };
  const { Parts = [] } = await bench.s3.send(
    new ListPartsCommand({ Bucket: 'data', Key: first.Key, UploadId: first.UploadId }),
  );
  return { uploads: Uploads.length, parts: Parts.length };
}

test('an upload that was killed sends what the store has not, and no more', async () => {
  await writeFile(at('up.bin'), randomBytes(SIZE));
  await endInTheMiddle(['put', 'data', 'up.bin'], { sent: 7 * PART }, 'SIGKILL');
  const { uploads, parts } = await partsUnderWay();
  expect([uploads, parts >= 3]).toEqual([1, true]);

  const stored = await bench.json<{ resumed: number }>('put', 'data', 'up.bin');
  expect(stored.resumed).toBeGreaterThanOrEqual(parts * PART);
  expect(bench.proxy.sent).toBeLessThan(SIZE - stored.resumed + OVERHEAD);
  expect(await partsUnderWay()).toEqual({ uploads: 0, parts: 0 });
  expect(await readdir(at('.state/holdfast/uploads'))).toEqual([]);
  await bench.cli('get', 'data', 'up.bin', 'up.copy');
  expect(await sha256('up.copy')).toBe(await sha256('up.bin'));
});

test('a file that has changed since begins anew and leaves nothing of before', async () => {
  await writeFile(at('changed.bin'), randomBytes(SIZE));
  expect(await endInTheMiddle(['put', 'data', 'changed.bin'], { sent: 7 * PART }, 'SIGINT')).toMatchObject(INTERRUPTED);
  expect((await partsUnderWay()).parts).toBeGreaterThan(0);
  await writeFile(at('changed.bin'), randomBytes(SIZE));
  expect(await bench.json('put', 'data', 'changed.bin')).toMatchObject({ resumed: 0 });
  expect(await partsUnderWay()).toEqual({ uploads: 0, parts: 0 });
  await bench.cli('get', 'data', 'changed.bin', 'changed.copy');
  expect(await sha256('changed.copy')).toBe(await sha256('changed.bin'));
});

test('content that has changed under the same size and time is sent, part by part', async () => {
  const content = randomBytes(SIZE);
  await writeFile(at('sly.bin'), content);
  await utimes(at('sly.bin'), 1_500_000_000, 1_500_000_000);
  await endInTheMiddle(['put', 'data', 'sly.bin'], { sent: 7 * PART }, 'SIGKILL');
  expect((await partsUnderWay()).parts).toBeGreaterThan(0);
  content[0] = (content[0] ?? 0) ^ 1;
  await writeFile(at('sly.bin'), content);
  await utimes(at('sly.bin'), 1_500_000_000, 1_500_000_000);
  const { resumed } = await bench.json<{ resumed: number }>('put', 'data', 'sly.bin');
  expect(resumed).toBeGreaterThan(0);
  await bench.cli('get', 'data', 'sly.bin', 'sly.copy');
  expect(await sha256('sly.copy')).toBe(await sha256('sly.bin'));
});

test('a download goes on with the range that is missing, however it was ended', async () => {
  await writeFile(at('source.bin'), randomBytes(SIZE));
  await bench.json('put', 'data', 'source.bin', 'large.bin');
  await endInTheMiddle(['get', 'data', 'large.bin', 'down.bin'], { received: 6 * PART }, 'SIGKILL');
  const partial = (await readdir(bench.home)).find((name) => name.endsWith('.part')) ?? '';
  const first = (await stat(at(partial))).size;
  expect(first).toBeGreaterThanOrEqual(PART);
  expect(await readdir(bench.home)).not.toContain('down.bin');

  expect(
    await endInTheMiddle(['get', 'data', 'large.bin', 'down.bin'], { received: 5 * PART }, 'SIGINT'),
  ).toMatchObject(INTERRUPTED);
  const second = (await stat(at(partial))).size;
  expect(second).toBeGreaterThan(first);
  const got = await bench.json<{ resumed: number }>('get', 'data', 'large.bin', 'down.bin');
  expect(got.resumed).toBe(second);
  expect(bench.proxy.received).toBeLessThan(SIZE - second + OVERHEAD);
  expect(await sha256('down.bin')).toBe(await sha256('source.bin'));
  expect((await readdir(bench.home)).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('a download of another object by then, or of a broken beginning, comes out right', async () => {
  await endInTheMiddle(['get', 'data', 'large.bin', 'new.bin'], { received: 6 * PART }, 'SIGKILL');
  await writeFile(at('source.bin'), randomBytes(SIZE));
  await bench.json('put', 'data', 'source.bin', 'large.bin');
  await endInTheMiddle(['get', 'data', 'large.bin', 'new.bin'], { received: 6 * PART }, 'SIGKILL');
  const partials = (await readdir(bench.home)).filter((name) => name.endsWith('.part'));
  expect(partials).toHaveLength(1);
  const [partial = ''] = partials;
  await writeFile(at(partial), Buffer.alloc(2 * PART)); // what a power cut may leave
  expect(await bench.json('get', 'data', 'large.bin', 'new.bin')).toMatchObject({ size: SIZE });
  expect(await sha256('new.bin')).toBe(await sha256('source.bin'));
});

test('two at once that move the same file do not take it from each other', async () => {
  await writeFile(at('both.bin'), randomBytes(SIZE));
  for (const args of [
    ['put', 'data', 'both.bin'],
    ['get', 'data', 'both.bin', 'both.copy'],
  ]) {
    bench.proxy.count();
    const held = bench.proxy.holdAfter(args[0] === 'put' ? { sent: 5 * PART } : { received: 5 * PART });
    const first = bench.start(...args);
    first.child.stdin.end();
    await held;
    first.child.kill('SIGSTOP'); // in the middle of it, with parts that are kept
    bench.proxy.count();
    expect(await bench.json(...args)).toMatchObject({ resumed: 0 });
    first.child.kill('SIGCONT');
    expect(await first.result).toMatchObject({ code: 0 });
  }
  expect(await sha256('both.copy')).toBe(await sha256('both.bin'));
  expect(await partsUnderWay()).toEqual({ uploads: 0, parts: 0 });
  expect((await readdir(bench.home)).filter((name) => name.startsWith('.holdfast'))).toEqual([]);
  expect(await readdir(at('.state/holdfast/claims'))).toEqual([]);
});

test('who can keep nothing between runs moves large files all the same', async () => {
  await writeFile(at('alone.bin'), randomBytes(SIZE));
  await writeFile(at('no-directory'), '');
  const env = { ...bench.options.env, XDG_STATE_HOME: at('no-directory') };
  for (const args of [
    ['put', 'data', 'alone.bin'],
    ['get', 'data', 'alone.bin', 'alone.copy'],
  ]) {
    expect(await runCliProcess(['object-store', ...args], { ...bench.options, env })).toMatchObject({ code: 0 });
  }
  expect(await sha256('alone.copy')).toBe(await sha256('alone.bin'));
});

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rmdir, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exec } from '../../../src/core/exec.ts';
import { waitUntil } from '../../../src/core/retry.ts';
import { type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

const S3FS = { name: 's3fs', path: '/usr/bin/s3fs', debianPackage: 's3fs' };
const OPERATIONS = 500;
const MAX_BYTES = 300_000;
const SEED = Number(process.env.S3FS_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32: the same seed, the same operations. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

async function isMounted(path: string): Promise<boolean> {
  return (await readFile('/proc/self/mounts', 'utf8')).split('\n').some((line) => line.split(' ')[1] === path);
}

/**
 * One call into the mount at a time: the store that answers s3fs lives in this process, and
 * calls that wait for it must not take all of libuv's threads.
 */
describeClient(S3FS, () => {
  let bench: ClientBench;
  let mountPoint: string;
  let mounted = false;
  let said = '';

  beforeAll(async () => {
    bench = await startClientBench('disk');
    mountPoint = join(bench.home, 'mnt');
    await mkdir(mountPoint);
    const { accessKeyId, secretAccessKey } = bench.operator;
    await writeFile(join(bench.home, 'passwd'), `${accessKeyId}:${secretAccessKey}\n`, { mode: 0o600 });
    if (!existsSync('/dev/fuse')) return;
    const options = [`url=${bench.store.endpoint}`, 'use_path_request_style', `passwd_file=${bench.home}/passwd`];
    const child = spawn(S3FS.path, ['disk', mountPoint, '-f', ...options.flatMap((option) => ['-o', option])], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: bench.home,
      env: { PATH: '/usr/bin:/bin', HOME: bench.home },
    });
    let ended = false;
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.once('close', () => {
      ended = true;
    });
    await waitUntil(async () => ended || (await isMounted(mountPoint)), { timeoutMs: 60_000, what: 's3fs to mount' });
    mounted = await isMounted(mountPoint);
  });

  afterAll(async () => {
    if (mounted) await exec(['fusermount', '-u', '-z', mountPoint]);
    await bench?.[Symbol.asyncDispose]();
  });

  test(`random file operations, as fsx does them, against a model (S3FS_SEED=${SEED})`, async ({ skip }) => {
    // With FUSE it mounts, unless the store's answers keep it from that.
    if (!existsSync('/dev/fuse') && process.env.CI !== 'true') skip('there is no FUSE here');
    expect(mounted, `s3fs does not mount: ${said}`).toBe(true);
    const next = random(SEED);
    const model = new Map<string, Buffer>();
    const path = (name: string) => join(mountPoint, name);
    const anyName = () => `${['', 'sub/'][next(2)]}file ${next(6)}`;
    const known = () => [...model.keys()][next(Math.max(model.size, 1))];
    await mkdir(path('sub'));

    const patch = async (name: string, at: number, bytes: Buffer): Promise<void> => {
      const file = await open(path(name), 'r+');
      await file.write(bytes, 0, bytes.length, at);
      await file.close();
      const before = model.get(name) ?? Buffer.alloc(0);
      const after = Buffer.alloc(Math.max(before.length, at + bytes.length));
      before.copy(after);
      bytes.copy(after, at);
      model.set(name, after);
    };
    const resize = async (name: string, length: number): Promise<void> => {
      await truncate(path(name), length);
      const after = Buffer.alloc(length);
      model.get(name)?.copy(after);
      model.set(name, after);
    };
    const check = async (name: string): Promise<void> => {
      const expected = model.get(name) as Buffer;
      expect((await stat(path(name))).size, name).toBe(expected.length);
      expect(expected.equals(await readFile(path(name))), name).toBe(true);
    };

    for (let i = 0; i < OPERATIONS; i++) {
      const [kind, name] = [next(10), known()];
      if (kind < 3 || name === undefined) {
        const [created, bytes] = [anyName(), randomBytes(next(MAX_BYTES))];
        await writeFile(path(created), bytes);
        model.set(created, bytes);
      } else if (kind < 5) await patch(name, next(MAX_BYTES), randomBytes(1 + next(20_000)));
      else if (kind < 6) await resize(name, next(MAX_BYTES));
      else if (kind < 8) await check(name);
      else if (kind < 9) {
        const target = anyName();
        await rename(path(name), path(target));
        if (target !== name) model.set(target, model.get(name) as Buffer);
        if (target !== name) model.delete(name);
      } else {
        await unlink(path(name));
        model.delete(name);
      }
    }
    for (const name of model.keys()) await check(name);
    const found = (await readdir(mountPoint, { recursive: true })).filter((name) => name !== 'sub');
    expect(found.sort()).toEqual([...model.keys()].sort());
    for (const name of model.keys()) await unlink(path(name));
    await rmdir(path('sub'));
    expect(await readdir(mountPoint)).toEqual([]);
  });
});

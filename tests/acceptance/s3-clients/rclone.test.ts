import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ClientBench,
  describeClient,
  MiB,
  readTree,
  startClientBench,
  writeTree,
} from '../../support/s3-client-program.ts';

const RCLONE = { name: 'rclone', path: '/usr/bin/rclone', debianPackage: 'rclone' };
/** The smallest parts that S3 has, so that 12 MiB are three of them. */
const PARTS = ['--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M', '--s3-copy-cutoff', '5M'];

describeClient(RCLONE, () => {
  let bench: ClientBench;
  const rclone = (...args: string[]) =>
    bench.run([RCLONE.path, ...PARTS, '--retries', '1', '--low-level-retries', '1', ...args], {
      RCLONE_CONFIG_HF_TYPE: 's3',
      RCLONE_CONFIG_HF_PROVIDER: 'Other',
      RCLONE_CONFIG_HF_ENDPOINT: bench.store.endpoint,
      RCLONE_CONFIG_HF_ACCESS_KEY_ID: bench.operator.accessKeyId,
      RCLONE_CONFIG_HF_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
    });

  beforeAll(async () => {
    bench = await startClientBench('tree', 'other');
    await writeTree(join(bench.home, 'up'), {
      empty: 0,
      'a.txt': 10,
      'b c.bin': 100_000,
      'sub/d+é & %41.bin': 1000,
      'sub/deeper/large.bin': 12 * MiB,
    });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('copies a tree up and down, large files by parts, and checks it', async () => {
    await rclone('copy', 'up', 'hf:tree/files');
    await rclone('check', 'up', 'hf:tree/files');
    await rclone('check', '--download', 'up', 'hf:tree/files');
    await rclone('copy', '--multi-thread-streams', '4', '--multi-thread-cutoff', '1M', 'hf:tree/files', 'down');
    expect(await readTree(join(bench.home, 'down'))).toEqual(await readTree(join(bench.home, 'up')));
    const listed = JSON.parse(await rclone('lsjson', '--recursive', '--files-only', '--hash', 'hf:tree/files'));
    expect(listed.map(({ Path, Size }: { Path: string; Size: number }) => [Path, Size])).toContainEqual([
      'sub/deeper/large.bin',
      12 * MiB,
    ]);
    expect(await rclone('size', 'hf:tree')).toContain('Total objects: 5');
  });

  test('copies and moves inside the store, by parts too', async () => {
    await rclone('copy', 'hf:tree/files', 'hf:other/copy');
    await rclone('check', 'up', 'hf:other/copy');
    await rclone('moveto', 'hf:other/copy/sub/deeper/large.bin', 'hf:other/moved.bin');
    expect(await rclone('lsf', 'hf:other')).toBe('copy/\nmoved.bin\n');
    await rclone('touch', '--timestamp', '2020-01-02T03:04:05', 'hf:other/copy/a.txt');
    expect(await rclone('lsl', 'hf:other/copy/a.txt')).toContain('2020-01-02 03:04:05');
  });

  test('syncs: sends what changed, deletes what is gone', async () => {
    await writeFile(join(bench.home, 'up', 'a.txt'), 'changed, and longer');
    await rm(join(bench.home, 'up', 'sub', 'deeper'), { recursive: true });
    await rclone('sync', 'up', 'hf:tree/files');
    await rclone('check', 'up', 'hf:tree/files');
    expect(await rclone('lsf', '--recursive', '--files-only', 'hf:tree')).not.toContain('large');
  });

  test('reads a range, links and purges', async () => {
    await rclone('copyto', 'up/b c.bin', 'hf:other/range.bin');
    const sent = await readFile(join(bench.home, 'up', 'b c.bin'));
    const range = await rclone('cat', '--offset', '99990', '--count', '5', 'hf:other/range.bin');
    expect(range).toBe(sent.subarray(99_990, 99_995).toString());
    const url = (await rclone('link', '--expire', '60s', 'hf:other/range.bin')).trim();
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(100_000);
    await rclone('purge', 'hf:other');
    expect(await rclone('lsd', 'hf:')).not.toContain('other');
  });
});

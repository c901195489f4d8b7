import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ClientBench,
  describeClient,
  MiB,
  readTree,
  startClientBench,
  writeTree,
} from '../../support/s3-client-program.ts';

const RESTIC = { name: 'restic', path: '/usr/bin/restic', debianPackage: 'restic' };

describeClient(RESTIC, () => {
  let bench: ClientBench;
  const restic = (...args: string[]) =>
    bench.run([RESTIC.path, ...args], {
      RESTIC_REPOSITORY: `s3:${bench.store.endpoint}/backups/machine`,
      RESTIC_PASSWORD: 'correct horse',
      AWS_ACCESS_KEY_ID: bench.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
    });

  beforeAll(async () => {
    bench = await startClientBench('backups');
    await writeTree(join(bench.home, 'data'), { 'a.txt': 10, 'sub/b.bin': 3 * MiB, 'sub/c.bin': 20 * MiB, empty: 0 });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('backs up, restores the same bytes, prunes and stays whole', async () => {
    const data = join(bench.home, 'data');
    await restic('init');
    await restic('backup', 'data');
    const first = await readTree(data);
    await appendFile(join(data, 'a.txt'), 'more');
    await rm(join(data, 'sub', 'c.bin'));
    await restic('backup', 'data');
    const second = await readTree(data);
    expect(await restic('check', '--read-data')).toContain('no errors were found');

    const snapshots: { short_id: string }[] = JSON.parse(await restic('snapshots', '--json'));
    await restic('restore', snapshots[0]?.short_id ?? '', '--target', 'first');
    expect(await readTree(join(bench.home, 'first', 'data'))).toEqual(first);

    await restic('forget', '--keep-last', '1', '--prune');
    expect(await restic('check', '--read-data')).toContain('no errors were found');
    await restic('restore', 'latest', '--target', 'second');
    expect(await readTree(join(bench.home, 'second', 'data'))).toEqual(second);
    const { Contents = [] } = await bench.s3.send(new ListObjectsV2Command({ Bucket: 'backups' }));
    expect(Contents.reduce((sum, { Size = 0 }) => sum + Size, 0)).toBeLessThan(10 * MiB);
  });
});

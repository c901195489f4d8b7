import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ClientBench,
  describeClient,
  MiB,
  readTree,
  startClientBench,
  writeTree,
} from '../../support/s3-client-program.ts';

const S3CMD = { name: 's3cmd', path: '/usr/bin/s3cmd', debianPackage: 's3cmd' };

describeClient(S3CMD, () => {
  let bench: ClientBench;
  const s3cmd = (...args: string[]) => bench.run([S3CMD.path, '--no-progress', ...args]);

  beforeAll(async () => {
    bench = await startClientBench();
    const { host } = new URL(bench.store.endpoint);
    const settings = {
      access_key: bench.operator.accessKeyId,
      secret_key: bench.operator.secretAccessKey,
      host_base: host,
      host_bucket: host,
      use_https: 'False',
      multipart_chunk_size_mb: '5',
      max_retries: '1',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    await writeFile(join(bench.home, '.s3cfg'), ['[default]', ...lines, ''].join('\n'));
    await writeTree(join(bench.home, 'up'), {
      'a.txt': 10,
      'sub/b c.bin': 100_000,
      'sub/é+&.bin': 1000,
      'large.bin': 12 * MiB,
    });
    await s3cmd('mb', 's3://cmd');
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('puts and gets, small and by parts', async () => {
    await s3cmd('put', '--mime-type', 'text/plain', 'up/a.txt', 'up/large.bin', 's3://cmd/files/');
    await s3cmd('get', 's3://cmd/files/large.bin', 's3://cmd/files/a.txt', '.');
    const [got, sent] = [await readTree(bench.home), await readTree(join(bench.home, 'up'))];
    expect([got['large.bin'] === sent['large.bin'], got['a.txt'] === sent['a.txt']]).toEqual([true, true]);
    expect(await s3cmd('ls', 's3://cmd/')).toMatch(/DIR\s+s3:\/\/cmd\/files\//);
    expect(await s3cmd('ls', '--recursive', 's3://cmd')).toMatch(/12582912\s+s3:\/\/cmd\/files\/large\.bin/);
    expect(await s3cmd('du', 's3://cmd')).toMatch(/^\s*12582922\s+2 objects/);
  });

  test('tells about objects and buckets', async () => {
    const about = await s3cmd('info', 's3://cmd/files/a.txt');
    expect(about).toMatch(/File size:\s+10/);
    expect(about).toMatch(/MIME type:\s+text\/plain/);
    expect(await s3cmd('info', 's3://cmd')).toMatch(/Location:\s+local/);
  });

  test('copies, moves, changes headers, deletes', async () => {
    await s3cmd('cp', 's3://cmd/files/large.bin', 's3://cmd/copied.bin');
    await s3cmd('mv', 's3://cmd/copied.bin', 's3://cmd/moved.bin');
    await s3cmd('modify', '--add-header', 'Cache-Control: max-age=60', 's3://cmd/moved.bin');
    const head = await bench.s3.send(new HeadObjectCommand({ Bucket: 'cmd', Key: 'moved.bin' }));
    expect([head.CacheControl, head.ContentLength]).toEqual(['max-age=60', 12 * MiB]);
    await s3cmd('del', 's3://cmd/moved.bin');
    await s3cmd('del', '--recursive', '--force', 's3://cmd/files');
    expect(await s3cmd('ls', '--recursive', 's3://cmd')).toBe('');
  });

  test('syncs up and down, deletes what is gone', async () => {
    await s3cmd('sync', 'up/', 's3://cmd/tree/');
    await rm(join(bench.home, 'up', 'a.txt'));
    await s3cmd('sync', '--delete-removed', 'up/', 's3://cmd/tree/');
    await s3cmd('sync', 's3://cmd/tree/', 'down/');
    expect(await readTree(join(bench.home, 'down'))).toEqual(await readTree(join(bench.home, 'up')));
    expect(await s3cmd('sync', '--dry-run', 'up/', 's3://cmd/tree/')).not.toContain('upload:');
    await s3cmd('rb', '--recursive', '--force', 's3://cmd');
    expect(await s3cmd('ls')).not.toContain('s3://cmd');
  });
});

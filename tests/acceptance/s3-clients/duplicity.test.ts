import { appendFile } from 'node:fs/promises';
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

const DUPLICITY = { name: 'duplicity', path: '/usr/bin/duplicity', debianPackage: 'duplicity' };

describeClient(DUPLICITY, () => {
  let bench: ClientBench;
  const target = 'boto3+s3://backups/machine';
  const duplicity = (...args: string[]) => {
    const endpoint = ['--s3-endpoint-url', bench.store.endpoint, '--s3-region-name', 'local'];
    return bench.run([DUPLICITY.path, '--no-encryption', '--volsize', '5', ...endpoint, ...args], {
      AWS_ACCESS_KEY_ID: bench.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
    });
  };

  beforeAll(async () => {
    bench = await startClientBench('backups');
    await writeTree(join(bench.home, 'data'), { 'a.txt': 10, 'sub/ü b.bin': 12 * MiB });
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('backs up in volumes, then what changed, restores both and removes what is old', async () => {
    const data = join(bench.home, 'data');
    const first = await readTree(data);
    await duplicity('full', 'data', target);
    await appendFile(join(data, 'a.txt'), 'more');
    await duplicity('incremental', 'data', target);
    await duplicity('verify', target, 'data');
    await duplicity('restore', target, 'second');
    expect(await readTree(join(bench.home, 'second'))).toEqual(await readTree(data));
    await duplicity('restore', '--file-to-restore', 'sub', target, 'sub');
    expect(Object.values(await readTree(join(bench.home, 'sub')))).toEqual([first['sub/ü b.bin']]);

    await duplicity('full', 'data', target);
    await duplicity('remove-all-but-n-full', '1', '--force', target);
    const { Contents = [] } = await bench.s3.send(new ListObjectsV2Command({ Bucket: 'backups' }));
    expect(Contents.filter(({ Key }) => Key?.includes('manifest'))).toHaveLength(1);
  });
});

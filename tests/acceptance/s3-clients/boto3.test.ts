import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

const BOTO3 = { name: 'boto3', path: '/usr/lib/python3/dist-packages/boto3', debianPackage: 'python3-boto3' };
const SCRIPT = join(import.meta.dirname, 'boto3_client.py');

describeClient(BOTO3, () => {
  let bench: ClientBench;
  const boto3 = (scenario: string) =>
    bench.run(['/usr/bin/python3', 'boto3_client.py', scenario], {
      ENDPOINT: bench.store.endpoint,
      AWS_ACCESS_KEY_ID: bench.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
      AWS_DEFAULT_REGION: 'eu-west-1',
      AWS_MAX_ATTEMPTS: '1',
    });

  beforeAll(async () => {
    bench = await startClientBench('boto');
    await copyFile(SCRIPT, join(bench.home, 'boto3_client.py'));
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  const scenarios = [
    'objects',
    'files',
    'checksums',
    'listings',
    'copies',
    'presigned',
    'forms',
    'encryption',
    'errors',
  ];
  test.each(scenarios)('%s', async (scenario) => {
    expect(await boto3(scenario)).toBe(`${scenario}: as expected\n`);
  });
});

import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

const AWS_SDK = {
  name: 'the AWS SDK for Ruby',
  path: '/usr/lib/ruby/vendor_ruby/aws-sdk-s3',
  debianPackage: 'ruby-aws-sdk-s3',
};
const SCRIPT = join(import.meta.dirname, 'ruby_client.rb');

describeClient(AWS_SDK, () => {
  let bench: ClientBench;

  beforeAll(async () => {
    bench = await startClientBench('ruby');
    await copyFile(SCRIPT, join(bench.home, 'ruby_client.rb'));
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test.each(['objects', 'files', 'presigned', 'encrypted'])('%s', async (scenario) => {
    const settings = {
      ENDPOINT: bench.store.endpoint,
      AWS_ACCESS_KEY_ID: bench.operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bench.operator.secretAccessKey,
    };
    expect(await bench.run(['/usr/bin/ruby', 'ruby_client.rb', scenario], settings)).toBe(`${scenario}: as expected\n`);
  });
});

import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { BucketCredentials } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';

import type { AccessKey, ObjectAdmin } from '../../src/objects/object-admin.ts';
import { parseAccessLog } from '../support/access-log.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { roleClient } from '../support/role-client.ts';
import { TestPlatform } from '../support/test-platform.ts';

function clientOf(port: number, credentials: AccessKey): S3Client {
  const endpoint = `http://127.0.0.1:${port}`;
  return new S3Client({ endpoint, region: 'local', credentials, forcePathStyle: true, maxAttempts: 1 });
}

/** Of the uploads that the log in `Bucket` tells of. */
async function loggedKeys(s3: S3Client, Bucket: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const texts = Contents.map(async ({ Key }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  });
  const lines = (await Promise.all(texts)).flatMap(parseAccessLog);
  return lines.filter(({ operation }) => operation === 'REST.PUT.OBJECT').map(({ key }) => key);
}

test('what a gateway answers is logged as what the object store answers itself, from the moment it is set', async () => {
  await using objects = await startObjectsProcess('site');
  await using gateway = await startGatewayProcess(objects);
  const admin = roleClient<ObjectAdmin>(objects.adminSocket);
  await admin.ensureBucket({ name: 'logs' });
  const operator = await admin.ensureKey({ owner: 'operator', buckets: '*' });
  const [direct, through] = [clientOf(objects.port, operator), clientOf(gateway.port, operator)];
  const LoggingEnabled = { TargetBucket: 'logs', TargetPrefix: '' };
  await direct.send(new PutBucketLoggingCommand({ Bucket: 'site', BucketLoggingStatus: { LoggingEnabled } }));
  for (const Key of ['a', 'b']) await through.send(new PutObjectCommand({ Bucket: 'site', Key, Body: 'bytes' }));
  await direct.send(new PutObjectCommand({ Bucket: 'site', Key: 'c', Body: 'bytes' }));
  const complete = async () => {
    const keys = await loggedKeys(direct, 'logs');
    return keys.length >= 3 && keys.sort();
  };
  expect(await waitUntil(complete, { timeoutMs: 60_000, what: 'the log' })).toEqual(['a', 'b', 'c']);
  direct.destroy();
  through.destroy();
});

test('a platform that ends delivers the lines that wait in each of its processes', async () => {
  await using platform = await TestPlatform.create();
  platform.env.HOLDFAST_S3_GATEWAYS = '2';
  await platform.up();
  for (const name of ['site', 'logs']) await platform.run(['object-store', 'create', name, '--app', 'a']);
  const [site, logs] = await Promise.all(
    ['site', 'logs'].map((name) => platform.json<BucketCredentials>(['object-store', 'keys', name])),
  );
  if (!site || !logs) throw new Error('there are no keys');
  await platform.run(['object-store', 'logging', 'set', site.bucket, logs.bucket]);
  const expected = Array.from({ length: 30 }, (_, i) => `key-${i}`);
  for (const Key of expected) {
    const s3 = clientOf(platform.s3Port, site); // a connection of its own: the kernel spreads them
    await s3.send(new PutObjectCommand({ Bucket: site.bucket, Key, Body: 'bytes' }));
    s3.destroy();
  }
  const reader = clientOf(platform.s3Port, logs);
  expect(await loggedKeys(reader, logs.bucket)).toEqual([]);
  reader.destroy();
  await platform.run(['down']);
  await platform.up();
  const again = clientOf(platform.s3Port, logs);
  const found = await loggedKeys(again, logs.bucket);
  again.destroy();
  expect(found.sort()).toEqual(expected.sort());
});

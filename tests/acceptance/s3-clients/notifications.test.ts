import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Client, NotificationConfig, ObjectCreatedAll, TopicConfig } from 'minio';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { waitUntil } from '../../../src/core/retry.ts';
import { AWS_CLI, type ClientBench, describeClient, startClientBench } from '../../support/s3-client-program.ts';

const Bucket = 'photos';
const ARN = 'arn:holdfast:webhook:::hook';

let bench: ClientBench;
let receiver: Server;
let received: string[];

beforeAll(async () => {
  bench = await startClientBench(Bucket);
  receiver = createServer(async (req, res) => {
    const [record] = JSON.parse((await req.toArray()).join('')).Records;
    received.push(`${record.eventName} ${record.s3.object.key}`);
    res.writeHead(204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  await bench.store.admin.putWebhook({ name: 'hook', url: `http://127.0.0.1:${port}/` });
});
afterAll(async () => {
  receiver?.closeAllConnections();
  receiver?.close();
  await bench?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  received = [];
});

const set = (NotificationConfiguration: NotificationConfiguration) =>
  bench.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

async function get() {
  const { $metadata: _, ...found } = await bench.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  return found;
}

function minioClient(): Client {
  const { hostname, port } = new URL(bench.store.endpoint);
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = bench.operator;
  return new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey });
}

async function postForm(key: string): Promise<void> {
  const minio = minioClient();
  const policy = minio.newPostPolicy();
  policy.setBucket(Bucket);
  policy.setKey(key);
  policy.setExpires(new Date(Date.now() + 60_000));
  const { postURL, formData } = await minio.presignedPostPolicy(policy);
  const form = new FormData();
  for (const [name, value] of Object.entries(formData)) form.append(name, String(value));
  form.append('file', new Blob(['bytes']));
  expect((await fetch(postURL, { method: 'POST', body: form })).status).toBe(204);
}

test('the SDK sets a configuration, and each way to make and remove an object is told by its name', async () => {
  const Filter = { Key: { FilterRules: [{ Name: 'Prefix' as 'prefix', Value: 'in/' }] } };
  const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const];
  const QueueConfigurations = [{ Id: 'all', QueueArn: ARN, Events, Filter }];
  await set({ QueueConfigurations });
  expect(await get()).toEqual({ QueueConfigurations });

  const object = { Bucket, Key: 'in/a b' };
  await bench.s3.send(new PutObjectCommand({ ...object, Body: 'bytes' }));
  await bench.s3.send(new CopyObjectCommand({ ...object, Key: 'in/copy', CopySource: `${Bucket}/in/a%20b` }));
  await bench.s3.send(new CopyObjectCommand({ ...object, Key: 'out/copy', CopySource: `${Bucket}/in/a%20b` }));
  const { UploadId } = await bench.s3.send(new CreateMultipartUploadCommand({ ...object, Key: 'in/parts' }));
  const upload = { ...object, Key: 'in/parts', UploadId };
  const { ETag } = await bench.s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'bytes' }));
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
  await bench.s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  await postForm('in/form');
  await bench.s3.send(new DeleteObjectCommand(object));

  await waitUntil(() => received.length === 5, { timeoutMs: 60_000, what: 'the events' });
  expect(received.sort()).toEqual([
    'ObjectCreated:CompleteMultipartUpload in/parts',
    'ObjectCreated:Copy in/copy',
    'ObjectCreated:Post in/form',
    'ObjectCreated:Put in/a+b',
    'ObjectRemoved:Delete in/a+b',
  ]);
  await set({});
  expect(await get()).toEqual({});
});

test('the SDK is told what is wrong with a configuration', async () => {
  const Events = ['s3:ObjectCreated:Put' as const];
  const wrong = (configuration: NotificationConfiguration) =>
    expect(set(configuration)).rejects.toMatchObject({ name: 'InvalidArgument' });
  await wrong({ QueueConfigurations: [{ QueueArn: 'arn:holdfast:webhook:::nobody', Events }] });
  await wrong({ QueueConfigurations: [{ QueueArn: ARN, Events: ['s3:ReducedRedundancyLostObject'] }] });
  const TopicConfigurations = [{ TopicArn: ARN, Events: ['s3:ObjectCreated:*' as const] }];
  await wrong({ QueueConfigurations: [{ QueueArn: ARN, Events }], TopicConfigurations });
  expect(await get()).toEqual({});
});

test('minio-js sets and reads a configuration', async () => {
  const minio = minioClient();
  const topic = new TopicConfig(ARN);
  topic.addEvent(ObjectCreatedAll);
  topic.addFilterSuffix('.jpg');
  const configuration = new NotificationConfig();
  configuration.add(topic);
  await minio.setBucketNotification(Bucket, configuration);
  expect(await get()).toMatchObject({ TopicConfigurations: [{ TopicArn: ARN, Events: ['s3:ObjectCreated:*'] }] });
  expect(JSON.stringify(await minio.getBucketNotification(Bucket))).toContain(ARN);
  await minio.removeAllBucketNotification(Bucket);
  expect(await get()).toEqual({});
});

describeClient(AWS_CLI, () => {
  test('sets and reads a configuration', async () => {
    const aws = (...args: readonly string[]) => bench.aws('s3api', ...args, '--bucket', Bucket);
    const QueueConfigurations = [{ Id: 'cli', QueueArn: ARN, Events: ['s3:ObjectRemoved:*'] }];
    const configuration = JSON.stringify({ QueueConfigurations });
    await aws('put-bucket-notification-configuration', '--notification-configuration', configuration);
    expect(JSON.parse(await aws('get-bucket-notification-configuration'))).toEqual({ QueueConfigurations });
  });
});

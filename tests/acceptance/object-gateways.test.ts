import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { BucketCredentials } from '../../src/control/platform.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/core/log.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { readConfig } from '../../src/host/config.ts';
import { RoleProcess } from '../../src/host/role-process.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { dataFiles } from '../support/data-files.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { roleClient } from '../support/role-client.ts';
import { signRequest } from '../support/s3-signer.ts';
import { TestPlatform } from '../support/test-platform.ts';

const policy = (effect: 'Allow' | 'Deny') =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' }],
  });

test('what was changed through one process holds in the other when it is acknowledged', async () => {
  await using objects = await startObjectsProcess('data');
  await using gateway = await startGatewayProcess(objects);
  const admin = roleClient<ObjectAdmin>(objects.adminSocket);
  const operator = await admin.ensureKey({ owner: 'operator', buckets: '*' });
  const clientOf = ({ port }: { readonly port: number }) =>
    new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'local',
      credentials: operator,
      forcePathStyle: true,
      maxAttempts: 1,
    });
  const [one, other] = [clientOf(objects), clientOf(gateway)];
  const status = async (port: number) => (await fetch(`http://127.0.0.1:${port}/data/absent`)).status;
  for (let round = 0; round < 10; round++) {
    await one.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: policy('Allow') }));
    expect(await status(gateway.port)).toBe(404);
    await other.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: policy('Deny') }));
    expect(await status(objects.port)).toBe(403);
  }
  const QueueConfigurations = [{ QueueArn: 'arn:holdfast:webhook:::hook', Events: ['s3:ObjectCreated:Put' as const] }];
  const notification = { Bucket: 'data', NotificationConfiguration: { QueueConfigurations } };
  const subscribe = () => other.send(new PutBucketNotificationConfigurationCommand(notification));
  await expect(subscribe()).rejects.toMatchObject({ name: 'InvalidArgument' });
  await admin.putWebhook({ name: 'hook', url: 'https://hooks.invalid/' });
  await subscribe();
  await admin.revokeKey({ owner: 'operator' });
  const block = new PutPublicAccessBlockCommand({ Bucket: 'data', PublicAccessBlockConfiguration: {} });
  await expect(other.send(block)).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  one.destroy();
  other.destroy();
});

test('an upload that dies with its gateway leaves nothing, and the store goes on', async () => {
  await using objects = await startObjectsProcess('data');
  await using gateway = await startGatewayProcess(objects);
  const path = '/data/half';
  const signed = (port: number, method: string) =>
    signRequest(objects.key, { method, path, headers: { host: `127.0.0.1:${port}` }, payload: 'UNSIGNED-PAYLOAD' });
  const socket = connect(gateway.port, '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve).on('error', () => {}));
  const head = Object.entries(signed(gateway.port, 'PUT')).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`PUT ${path} HTTP/1.1\r\n${head.join('')}content-length: 4000000\r\n\r\n`);
  socket.write(Buffer.alloc(3_000_000));
  const bytesInFiles = async () => {
    const files = await dataFiles(join(objects.directory, 'store'));
    const sizeOf = (file: string) =>
      stat(file).then(
        ({ size }) => size,
        () => 0, // it has gone since
      );
    const sizes = await Promise.all(files.map(sizeOf));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  await waitUntil(async () => (await bytesInFiles()) > 2_000_000, { timeoutMs: 60_000, what: 'most of the upload' });
  process.kill(gateway.pid, 'SIGKILL');
  await closed;
  const read = await fetch(`http://127.0.0.1:${objects.port}${path}`, { headers: signed(objects.port, 'GET') });
  expect(read.status).toBe(404);
  await waitUntil(async () => (await bytesInFiles()) === 0, { timeoutMs: 60_000, what: 'the end of what it wrote' });
});

test('a platform with gateways serves S3 on one port from all of them, and through the death of the store', async () => {
  await using platform = await TestPlatform.create();
  platform.env.HOLDFAST_S3_GATEWAYS = '2';
  await platform.up();
  await platform.run(['object-store', 'create', 'data', '--app', 'a']);
  const key = await platform.json<BucketCredentials>(['object-store', 'keys', 'data']);
  const url = `http://127.0.0.1:${platform.s3Port}/${key.bucket}/hello`;
  const headers = (method: string) =>
    signRequest(key, {
      method,
      path: `/${key.bucket}/hello`,
      headers: { host: `127.0.0.1:${platform.s3Port}` },
      payload: 'UNSIGNED-PAYLOAD',
    });
  const put = await fetch(url, { method: 'PUT', headers: headers('PUT'), body: 'hello' });
  expect(put.status).toBe(200);
  const get = async () => {
    const answer = await fetch(url, { headers: { ...headers('GET'), connection: 'close' } });
    return answer.status === 200 ? await answer.text() : answer.status;
  };
  expect(await Promise.all(Array.from({ length: 30 }, get))).toEqual(Array.from({ length: 30 }, () => 'hello'));

  await platform.killRole('objects');
  const meanwhile = await Promise.all(Array.from({ length: 10 }, () => get().catch(() => 503)));
  for (const answer of meanwhile) expect(['hello', 503]).toContain(answer);
  await waitUntil(async () => (await get().catch(() => 503)) === 'hello', { timeoutMs: 60_000, what: 'the store' });
  await platform.run(['down']);
  expect(await platform.pids()).toEqual([]);
});

test('a gateway that retires answers those who are there, and its process ends when they have left', async () => {
  await using platform = await TestPlatform.create();
  platform.env.HOLDFAST_S3_GATEWAYS = '1';
  await platform.up();
  const gateway = new RoleProcess({
    name: 'gateway-2',
    config: readConfig({}, { ...platform.env, HOLDFAST_LOG_LEVEL: 'silent' }),
    clock: systemClock,
    log: createLogger('supervisor', 'silent'),
  });
  await gateway.start();
  const pid = gateway.pid ?? 0;
  const sockets = Array.from({ length: 40 }, () => connect(platform.s3Port, '127.0.0.1'));
  const ask = async (socket: Socket) => {
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    return String((await once(socket, 'data'))[0]);
  };
  const asked = await Promise.all(sockets.map(ask));
  expect(asked.filter((answer) => /^connection: keep-alive/im.test(answer))).toHaveLength(40);
  const retired = gateway.retire();
  let last = 0;
  await waitUntil(
    async () => {
      const open = sockets.filter((socket) => !socket.readableEnded);
      const answers = await Promise.all(open.map(ask));
      expect(answers.every((answer) => answer.startsWith('HTTP/1.1 403'))).toBe(true);
      last += answers.filter((answer) => /^connection: close/im.test(answer)).length;
      return last > 0;
    },
    { timeoutMs: 60_000, what: 'the answers of the gateway that retires' },
  );
  await retired;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(last).toBeLessThan(40);
  for (const socket of sockets) socket.destroy();
});

test('a port that another program has is not shared with it', async () => {
  await using objects = await startObjectsProcess('data'); // which shares its port
  await using platform = await TestPlatform.create();
  Object.assign(platform.env, { HOLDFAST_S3_GATEWAYS: '1', HOLDFAST_S3_PORT: String(objects.port) });
  const { code, stderr } = await platform.cli(['up', '--detach']);
  expect(code).not.toBe(0);
  expect(stderr).toContain(`port ${objects.port}`);
  expect(stderr).toContain('HOLDFAST_S3_PORT');
});

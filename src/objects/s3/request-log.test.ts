import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { presign } from '../../../tests/support/s3-signer.ts';
import { waitUntil } from '../../core/retry.ts';
import { createAuthenticator } from '../access/authenticate.ts';
import { createFormAuthenticator } from '../access/authenticate-form.ts';
import { formatTimestamp } from '../access/signature-v4.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import { createS3Gateway } from './gateway.ts';
import type { RequestLogging } from './request-log.ts';

const KEY = { accessKeyId: 'HFAKTEST', secretAccessKey: 'a secret', owner: 'test', grants: '*', createdAt: 0 } as const;
let lines: string[] = [];

afterEach(() => {
  lines = [];
});

function gatewayOver(store: MemoryObjectStore, requestLogging: RequestLogging | undefined): Server {
  return createS3Gateway({
    store,
    authenticate: createAuthenticator({ find: (id) => (id === KEY.accessKeyId ? KEY : undefined) }),
    authenticateForm: createFormAuthenticator({ find: (id) => (id === KEY.accessKeyId ? KEY : undefined) }),
    region: 'local',
    log: pino({ base: {} }, { write: (line) => lines.push(line) }),
    hosts: [],
    requestLogging,
  });
}

async function hostOf(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gateway with a public bucket of one object, and requests to it: one that succeeds, one that fails. */
async function run(requestLogging: RequestLogging | undefined): Promise<void> {
  const store = new MemoryObjectStore();
  await store.createBucket('photos', { accessibility: 'public' });
  const server = gatewayOver(store, requestLogging);
  const host = await hostOf(server);
  const url = presign(KEY, { method: 'PUT', path: '/photos/a', host, timestamp: formatTimestamp(Date.now()) });
  expect((await fetch(`http://${host}${url}`, { method: 'PUT', body: 'hello' })).status).toBe(200);
  expect(await (await fetch(`http://${host}/photos/a`)).text()).toBe('hello');
  expect((await fetch(`http://${host}/photos/nothing?secret=1`)).status).toBe(404);
  server.closeAllConnections();
  server.close();
}

const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

test('all requests have a line that says what they did, and no signature', async () => {
  await run('all');
  await waitUntil(async () => lines.length >= 3, { timeoutMs: 60_000, what: 'three lines' });
  expect(parsed()).toEqual([
    expect.objectContaining({
      msg: 'request',
      id: expect.stringMatching(/^[0-9A-F]{16}$/),
      operation: 'PutObject',
      method: 'PUT',
      bucket: 'photos',
      key: 'a',
      status: 200,
      bytesIn: 5,
      bytesOut: 0,
      ms: expect.any(Number),
      remote: '127.0.0.1',
      keyId: 'HFAKTEST',
    }),
    expect.objectContaining({ operation: 'GetObject', status: 200, bytesIn: 0, bytesOut: 5 }),
    expect.objectContaining({ operation: 'GetObject', key: 'nothing', status: 404, errorCode: 'NoSuchKey' }),
  ]);
  expect(parsed()[1]).not.toHaveProperty('keyId');
  for (const line of lines) expect(line).not.toMatch(/Signature|secret|AWS4/i);
});

test('only those that failed, or none', async () => {
  await run('failed');
  await waitUntil(async () => lines.length >= 1, { timeoutMs: 60_000, what: 'a line' });
  expect(parsed()).toEqual([expect.objectContaining({ status: 404 })]);
  lines = [];
  await run(undefined);
  expect(lines).toEqual([]);
});

test('what fails inside of one of several removals is logged, as what fails a request is', async () => {
  const store = new MemoryObjectStore();
  await store.createBucket('photos');
  store.remove = async () => {
    throw new Error('the disk is broken');
  };
  const server = gatewayOver(store, undefined);
  const host = await hostOf(server);
  const timestamp = formatTimestamp(Date.now());
  const url = presign(KEY, { method: 'POST', path: '/photos', host, timestamp, extra: [['delete', '']] });
  const body = '<Delete><Object><Key>a</Key></Object></Delete>';
  const answer = await fetch(`http://${host}${url}`, { method: 'POST', body });
  expect(await answer.text()).toContain('<Code>InternalError</Code>');
  expect(parsed()).toMatchObject([{ level: 50, operation: 'DeleteObjects', msg: 'the disk is broken' }]);
  server.closeAllConnections();
  server.close();
});

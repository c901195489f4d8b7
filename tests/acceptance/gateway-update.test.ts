import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BucketCredentials } from '../../src/control/platform.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { Checkout } from '../support/checkout.ts';
import { signRequest } from '../support/s3-signer.ts';
import { TestPlatform } from '../support/test-platform.ts';

/** proc(5), net/tcp: whether the process has a socket that listens (state 0A) on the port. */
async function listens(pid: number | undefined, port: number): Promise<boolean> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const sockets = rows.filter(([, local, , state]) => local?.endsWith(end) && state === '0A').map((row) => row[9]);
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  return targets.some((target) => sockets.some((inode) => target === `socket:[${inode}]`));
}

test('after an update of the platform no gateway serves with other code than the store', async () => {
  await using platform = await TestPlatform.create();
  const checkout = await Checkout.copiedTo(join(platform.directory, 'checkout'));
  platform.root = checkout.path;
  platform.env.HOLDFAST_S3_GATEWAYS = '1';
  await platform.up();
  await platform.run(['object-store', 'create', 'data', '--app', 'a']);
  const key = await platform.json<BucketCredentials>(['object-store', 'keys', 'data']);
  const path = `/${key.bucket}/hello`;
  const url = `http://127.0.0.1:${platform.s3Port}${path}`;
  const request = async (method: string, body?: string) => {
    const host = `127.0.0.1:${platform.s3Port}`;
    const headers = signRequest(key, { method, path, headers: { host }, payload: 'UNSIGNED-PAYLOAD' });
    const answer = await fetch(url, {
      method,
      headers: { ...headers, connection: 'close' },
      ...(body ? { body } : {}),
    });
    return answer.status === 200 ? answer.text() : answer.status;
  };
  const answers = () => Promise.all(Array.from({ length: 20 }, () => request('GET')));
  const everyAnswer = Array.from({ length: 20 }, () => 'hello');
  const gateway = () => platform.rolePid('gateway-1');
  const log = () => readFile(join(platform.dataDirectory, 'logs', 'platform.log'), 'utf8');
  const serves = async () => listens(await gateway(), platform.s3Port);
  expect(await request('PUT', 'hello')).toBe('');

  // The store comes back with the new code: the gateway ends, and follows.
  await checkout.update();
  const before = await gateway();
  await platform.killRole('objects');
  const follows = async () => (await gateway()) !== before && (await serves());
  await waitUntil(follows, { timeoutMs: 60_000, what: 'a gateway of the new code' });
  expect(await log()).toContain('runs other code');
  expect(await answers()).toEqual(everyAnswer);

  // A gateway comes back with newer code than the store: it does not serve, and the log says what to do.
  await checkout.update();
  await platform.killRole('gateway-1');
  const isToldTwice = async () => (await log()).split('restart the platform with').length > 3;
  await waitUntil(isToldTwice, { timeoutMs: 60_000, what: 'the hint' });
  expect(await serves()).toBe(false);
  expect(await answers()).toEqual(everyAnswer);

  await platform.run(['down']);
  await platform.up();
  expect(await serves()).toBe(true);
  expect(await answers()).toEqual(everyAnswer);
});

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { roleClient, TEST_CODE } from '../../tests/support/role-client.ts';
import { sha256, signRequest } from '../../tests/support/s3-signer.ts';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { Keyring } from '../core/keyring.ts';
import { createLogger } from '../core/log.ts';
import { startGatewayRole } from './gateway-role.ts';
import type { ObjectAdmin } from './object-admin.ts';
import { startObjectsRole } from './objects-role.ts';

const BLOCK = 512 * 1024;
/** Around one block and around two. */
const SIZES = [BLOCK - 300, BLOCK, BLOCK + 1, 700_001, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 300, 3 * BLOCK];
const READERS = 48;
const READS_EACH = 6;
const STALLED_MS = 30_000;

/** Bytes that are neither those of another object nor of another place. */
const objects = SIZES.map((size, n) => {
  const words = new Uint32Array(Math.ceil(size / 4)).map((_, i) => (n << 24) | i);
  return Buffer.from(words.buffer, 0, size);
});

interface Read {
  readonly object: number;
  readonly start: number;
  readonly end: number;
  /** Bytes after which the reader leaves. */
  readonly enough: number;
  readonly slow: boolean;
}

/** The same ones in each run; of every third the reader leaves half-way, every fourth is slow. */
function readOf(n: number): Read {
  const object = n % objects.length;
  const size = SIZES[object] ?? 0;
  const start = n % 2 === 0 ? 0 : (n * 104_729) % size;
  const end = n % 2 === 0 ? size - 1 : Math.min(size - 1, start + ((n * 350_377) % size));
  return { object, start, end, enough: n % 3 === 0 ? ((end - start) * (n % 10)) / 10 : Infinity, slow: n % 4 === 0 };
}

async function check(port: number, agent: Agent, { object, start, end, enough, slow }: Read): Promise<void> {
  const req = request({ agent, port, path: `/data/${object}`, headers: { range: `bytes=${start}-${end}` } }).end();
  req.setTimeout(STALLED_MS, () => req.destroy(new Error(`object ${object} stalls`)));
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  expect(res.statusCode).toBe(206);
  let at = start;
  for await (const bytes of res as AsyncIterable<Buffer>) {
    const isRight = objects[object]?.subarray(at, at + bytes.length).equals(bytes);
    if (!isRight) throw new Error(`object ${object} has other bytes from ${at} on`);
    at += bytes.length;
    if (at - start >= enough) return;
    if (slow) for (let i = 0; i < 20; i++) await setImmediate();
  }
  expect(at).toBe(end + 1);
}

test('readers that are slow, and readers that leave, get no bytes of others, in the store’s process and in a gateway', async () => {
  await using directory = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const [adminSocket, storeSocket] = [join(directory.path, 'admin.sock'), join(directory.path, 'store.sock')];
  const log = createLogger('objects', 'silent');
  const common = { code: TEST_CODE, host: '127.0.0.1', port: 0, region: 'local', log, storeSocket };
  const keyring = new Keyring(randomBytes(32));
  const store = { ...common, directory: join(directory.path, 'objects'), keyring, adminSocket };
  const role = stack.adopt(await startObjectsRole(store), (role) => role.close());
  const admin = roleClient<ObjectAdmin>(adminSocket);
  await admin.ensureBucket({ name: 'data', accessibility: 'public' });
  const key = await admin.ensureKey({ owner: 'test', buckets: ['data'] });
  for (const [n, body] of objects.entries()) {
    const head = { method: 'PUT', path: `/data/${n}`, headers: { host: `127.0.0.1:${role.port}` } };
    const headers = signRequest(key, { ...head, payload: sha256(body), region: 'local' });
    const put = await fetch(`http://127.0.0.1:${role.port}/data/${n}`, { method: 'PUT', headers, body });
    expect(put.status).toBe(200);
  }
  const gateway = stack.adopt(await startGatewayRole(common), (role) => role.close());
  const agent = stack.adopt(new Agent({ keepAlive: true }), (agent) => agent.destroy());
  for (const { port } of [role, gateway]) {
    let next = 0;
    const reader = async () => {
      while (next < READERS * READS_EACH) await check(port, agent, readOf(next++));
    };
    await Promise.all(Array.from({ length: READERS }, reader));
  }
});

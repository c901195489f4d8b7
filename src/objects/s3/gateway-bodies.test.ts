import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestHead, startTestGatewayOver, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import { signRequest } from '../../../tests/support/s3-signer.ts';
import { waitUntil } from '../../core/retry.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import { type Body, piecesOf } from '../store/body.ts';
import type { ObjectRead, PutObject } from '../store/object.ts';

const KEY = testKey('test', '*');

/** Counts what is read of bodies and gives objects of any size without holding them. */
class ProbeStore extends MemoryObjectStore {
  received = 0;
  failures: unknown[] = [];
  hold: Promise<void> | undefined;
  served = 0;
  released = 0;

  override async put(object: PutObject) {
    const body = this.#watch(object.body);
    try {
      return await super.put({ ...object, body });
    } catch (error) {
      this.failures.push(error);
      throw error;
    }
  }

  override async open(bucket: string, key: string): Promise<ObjectRead> {
    if (key !== 'endless') return super.open(bucket, key);
    const info = { ...(await super.head(bucket, key)), size: 2 ** 40 };
    const chunk = Buffer.alloc(64 * 1024);
    const serve = () => {
      this.served += chunk.length;
      return chunk;
    };
    return {
      info,
      async *body() {
        for (;;) yield serve();
      },
      release: () => {
        this.released++;
      },
    };
  }

  async *#watch(body: Body) {
    for await (const bytes of piecesOf(body)) {
      this.received += bytes.length;
      yield Buffer.from(bytes.subarray(0, 16));
      await this.hold;
    }
  }
}

let gateway: TestGateway<ProbeStore>;

beforeEach(async () => {
  gateway = await startTestGatewayOver(new ProbeStore(), KEY);
  await gateway.store.createBucket('photos');
});

afterEach(() => gateway[Symbol.asyncDispose]());

test('a body that is not what was signed is refused and not stored', async () => {
  const headers = gateway.signed('PUT /photos/a', KEY, 'good');
  const { socket, answered } = await gateway.open('PUT /photos/a', { ...headers, 'content-length': '4' });
  socket.write('evil');
  expect(await answered('</Error>')).toContain('<Code>XAmzContentSHA256Mismatch</Code>');
  await expect(gateway.store.head('photos', 'a')).rejects.toThrow();
});

test.each([
  ['PUT /photos', 'website', 128],
  ['PUT /photos', 'tagging', 128],
  ['PUT /photos', 'lifecycle', 1024],
  ['POST /photos', 'delete', 2048],
] as const)('%s?%s takes a document of %i KiB and no longer one', async (line, resource, kib) => {
  const put = (bytes: number) =>
    gateway.call(line, { as: KEY, query: { [resource]: '' }, body: `<Other>${'x'.repeat(bytes)}</Other>` });
  const room = kib * 1024 - '<Other></Other>'.length;
  expect(await put(room)).toMatchObject({ status: 400, code: 'MalformedXML' });
  expect(await put(room + 1)).toMatchObject({ status: 400, code: 'MaxMessageLengthExceeded' });
});

test('an upload without a length is refused', async () => {
  const headers = gateway.signed('PUT /photos/a', KEY);
  const { answered } = await gateway.open('PUT /photos/a', { ...headers, 'transfer-encoding': 'chunked' });
  expect(await answered('</Error>')).toContain('411');
});

test('100-continue is sent when the body is wanted', async () => {
  const headers = {
    ...gateway.signed('PUT /photos/a', KEY, 'wait'),
    'content-length': '4',
    expect: '100-continue',
  };
  const { socket, answered } = await gateway.open('PUT /photos/a', headers);
  await answered('HTTP/1.1 100 Continue');
  socket.write('wait');
  await answered('HTTP/1.1 200 OK');
  expect((await gateway.store.head('photos', 'a')).size).toBe(4);
});

test.each(['200', ''])('the expectation "%s", which nobody knows, is none', async (expectation) => {
  const headers = { ...gateway.signed('PUT /photos/a', KEY), 'content-length': '0', expect: expectation };
  const { answered } = await gateway.open('PUT /photos/a', headers);
  expect(await answered('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200/);
});

test('a refused request is not asked for its body, and its connection ends', async () => {
  const headers = { host: 'h', 'content-length': '1000000', expect: '100-continue' };
  const { socket, answered } = await gateway.open('PUT /photos/a', headers);
  const text = await answered('</Error>');
  expect(text).toMatch(/^HTTP\/1\.1 403/);
  expect(text).not.toContain('100 Continue');
  await waitUntil(() => socket.destroyed, { timeoutMs: 60_000, what: 'the connection to end' });
});

test('a client that leaves half-way through a small body stores nothing', async () => {
  const body = { 'content-length': '1000', expect: '100-continue' };
  const { socket, answered } = await gateway.open('PUT /photos/a', {
    ...gateway.signed('PUT /photos/a', KEY, 'some'),
    ...body,
  });
  await answered('HTTP/1.1 100 Continue');
  socket.end('some');
  await once(socket, 'close'); // the gateway has seen it
  await turn();
  expect(gateway.store.received).toBe(0);
  await expect(gateway.store.head('photos', 'a')).rejects.toThrow();
});

test('a client that leaves half-way through a large body stores nothing', async () => {
  const headers = { ...gateway.signed('PUT /photos/a', KEY, 'x'), 'content-length': '1000000' };
  const { socket } = await gateway.open('PUT /photos/a', headers);
  socket.write(Buffer.alloc(500_000));
  await waitUntil(() => gateway.store.received > 0, { timeoutMs: 60_000, what: 'the first bytes' });
  socket.destroy();
  await waitUntil(() => gateway.store.failures.length === 1, { timeoutMs: 60_000, what: 'the upload to fail' });
  await expect(gateway.store.head('photos', 'a')).rejects.toThrow();
});

test('a store that fails half-way answers at once, and the server survives the client', async () => {
  gateway.store.put = async ({ body }) => {
    for await (const _bytes of body) break;
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  };
  const headers = { ...gateway.signed('PUT /photos/a', KEY, 'x'), 'content-length': '1000000' };
  const { socket, answered } = await gateway.open('PUT /photos/a', headers);
  socket.write(Buffer.alloc(500_000));
  expect(await answered('</Error>')).toContain('<Code>ServiceUnavailable</Code>');
  socket.destroy();
  expect((await gateway.call('HEAD /photos', { as: KEY })).status).toBe(200);
});

test('a refused upload is taken off the wire, so that its client reads why', async () => {
  const size = 8 * 2 ** 20;
  const { socket, answered } = await gateway.open('PUT /photos/a', { host: 'h', 'content-length': String(size) });
  socket.write(Buffer.alloc(size));
  expect(await answered('</Error>')).toContain('<Code>AccessDenied</Code>');
  socket.write(requestHead('HEAD /photos', gateway.signed('HEAD /photos', KEY)));
  await answered('x-amz-bucket-region: local');
  expect(gateway.store.received).toBe(0);
});

test('of a refused upload that is too large to be taken, the rest is not waited for', async () => {
  const size = 256 * 2 ** 20;
  const { socket, answered } = await gateway.open('PUT /photos/a', { host: 'h', 'content-length': String(size) });
  const piece = Buffer.alloc(2 ** 20);
  let sent = 0;
  const send = () => {
    while (sent < size && !socket.destroyed) {
      sent += piece.length;
      if (!socket.write(piece)) return void socket.once('drain', send);
    }
  };
  send();
  expect(await answered('</Error>')).toContain('<Code>AccessDenied</Code>');
  await waitUntil(() => socket.destroyed, { timeoutMs: 60_000, what: 'the connection to end' });
  expect(sent).toBeLessThan(size);
});

test('a slow store slows the client down', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gateway.store.hold = promise;
  const size = 64 * 2 ** 20;
  const headers = signRequest(KEY, {
    method: 'PUT',
    path: '/photos/a',
    headers: { host: 'h' },
    payload: 'UNSIGNED-PAYLOAD',
  });
  const { socket, answered } = await gateway.open('PUT /photos/a', { ...headers, 'content-length': String(size) });
  for (let sent = 0; sent < size; sent += 2 ** 20) socket.write(Buffer.alloc(2 ** 20));
  await waitUntil(() => gateway.store.received > 0, { timeoutMs: 60_000, what: 'the first bytes' });
  for (let i = 0; i < 1000; i++) await turn();
  expect(gateway.store.received).toBeLessThan(2 ** 20);
  expect(socket.writableLength).toBeGreaterThan(size / 2);
  resolve();
  await answered('HTTP/1.1 200 OK');
  expect(gateway.store.received).toBe(size);
});

test('a slow client slows the store down, and frees it by leaving', async () => {
  await gateway.store.put({ bucket: 'photos', key: 'endless', body: empty(), metadata: NO_METADATA });
  const { socket, answered } = await gateway.open('GET /photos/endless', gateway.signed('GET /photos/endless', KEY));
  await answered('HTTP/1.1 200 OK');
  socket.pause();
  let before = -1;
  await waitUntil(
    async () => {
      const stalled = before === gateway.store.served;
      before = gateway.store.served;
      for (let i = 0; i < 200; i++) await turn();
      return stalled;
    },
    { timeoutMs: 60_000, what: 'the store to wait for the client' },
  );
  expect(gateway.store.served).toBeLessThan(64 * 2 ** 20);
  socket.destroy();
  await waitUntil(() => gateway.store.released === 1, { timeoutMs: 60_000, what: 'the object to be released' });
});

test('an empty object has no bytes and a length', async () => {
  await gateway.call('PUT /photos/empty', { as: KEY });
  const { status, headers, text } = await gateway.call('GET /photos/empty', { as: KEY });
  expect([status, headers['content-length'], text]).toEqual([200, '0', '']);
  expect((await gateway.call('GET /photos/empty', { as: KEY, headers: { range: 'bytes=0-' } })).status).toBe(416);
});

const NO_METADATA = { contentType: 'text/plain', headers: {}, user: {} };

async function* empty(): AsyncGenerator<Uint8Array> {}

import { once } from 'node:events';
import { type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { presign, sha256, signRequest } from '../../../tests/support/s3-signer.ts';
import { createLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import { createAuthenticator } from '../access/authenticate.ts';
import { createFormAuthenticator } from '../access/authenticate-form.ts';
import { formatTimestamp } from '../access/signature-v4.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { ObjectRead, PutObject } from '../store/object.ts';
import { createS3Gateway } from './gateway.ts';

const KEY = {
  accessKeyId: 'HFAKTEST',
  secretAccessKey: 'secret',
  owner: 'test',
  grants: '*' as const,
  createdAt: 0,
};

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

  async *#watch(body: AsyncIterable<Uint8Array>) {
    for await (const bytes of body) {
      this.received += bytes.length;
      yield Buffer.from(bytes.subarray(0, 16));
      await this.hold;
    }
  }
}

let store: ProbeStore;
let server: Server;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  store = new ProbeStore();
  await store.createBucket('photos');
  const keys = { find: (id: string) => (id === KEY.accessKeyId ? KEY : undefined) };
  server = createS3Gateway({
    store,
    authenticate: createAuthenticator(keys),
    authenticateForm: createFormAuthenticator(keys),
    region: 'local',
    log: createLogger('objects', 'silent'),
    hosts: ['s3.localhost'],
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  server.closeAllConnections();
});

interface Call {
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly host?: string;
  readonly anonymous?: boolean;
}

function headersOf(method: string, path: string, { query = [], headers = {}, body = '', host }: Call) {
  const all = { host: host ?? `127.0.0.1:${port}`, ...headers };
  return signRequest(KEY, { method, path, query, headers: all, payload: sha256(body) });
}

async function call(method: string, path: string, options: Call = {}) {
  const search = (options.query ?? []).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const headers = options.anonymous
    ? { host: `127.0.0.1:${port}`, ...options.headers }
    : headersOf(method, path, options);
  const req = request({ port, method, path: `${path}${search && `?${search}`}`, headers, agent: false });
  if (method === 'PUT' || method === 'POST') req.setHeader('content-length', Buffer.byteLength(options.body ?? ''));
  req.end(options.body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  return { status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(chunks).toString() };
}

/** Writes a request's head on a socket of its own. */
async function raw(method: string, path: string, headers: Readonly<Record<string, string>>) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  return {
    socket,
    answered: (what: string) => waitUntil(() => text.includes(what) && text, { timeoutMs: 5000, what }),
  };
}

describe('errors', () => {
  test('are S3 XML with a request id', async () => {
    const { status, headers, text } = await call('GET', '/photos/missing&');
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/xml');
    const id = headers['x-amz-request-id'];
    expect(id).toMatch(/^[0-9A-F]{16}$/);
    expect(text).toContain('<Code>NoSuchKey</Code>');
    expect(text).toContain('<Resource>/photos/missing&amp;</Resource>');
    expect(text).toContain(`<RequestId>${id}</RequestId>`);
  });

  test('of HEAD have no body', async () => {
    expect(await call('HEAD', '/photos/missing')).toMatchObject({ status: 404, text: '' });
    expect(await call('HEAD', '/nothing')).toMatchObject({ status: 404, text: '' });
  });

  test.each([
    ['GET', '/nothing', {}, 404, 'NoSuchBucket'],
    ['PUT', '/No', {}, 400, 'InvalidBucketName'],
    ['GET', '/photos', { query: [['max-keys', '-1']] }, 400, 'InvalidArgument'],
    [
      'GET',
      '/photos',
      {
        query: [
          ['list-type', '2'],
          ['continuation-token', '!'],
        ],
      },
      400,
      'InvalidArgument',
    ],
    ['GET', '/photos', { query: [['encoding-type', 'x']] }, 400, 'InvalidArgument'],
    ['GET', '/photos', { query: [['torrent', '']] }, 501, 'NotImplemented'],
    ['PUT', '/photos/a', { headers: { 'x-amz-server-side-encryption': 'aws:kms' } }, 501, 'NotImplemented'],
    ['PUT', '/photos/a', { headers: { 'x-amz-acl': 'public-read-write' } }, 501, 'NotImplemented'],
    ['PUT', '/photos/a', { headers: { 'x-amz-storage-class': 'GLACIER' } }, 400, 'InvalidStorageClass'],
    ['PUT', '/photos/a', { headers: { 'content-md5': 'x' } }, 400, 'InvalidDigest'],
    ['PUT', '/photos/a', { headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } }, 400, 'BadDigest'],
    ['PUT', '/photos/a', { headers: { 'x-amz-checksum-crc32': 'AAAA' } }, 400, 'InvalidRequest'],
    ['PUT', '/photos/a', { body: 'x', headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 400, 'BadDigest'],
    ['PUT', '/photos/a', { headers: { 'x-amz-meta-a': 'x'.repeat(2048) } }, 400, 'MetadataTooLarge'],
    ['POST', '/photos', { query: [['delete', '']], body: '<Delete>' }, 400, 'MalformedXML'],
    ['POST', '/photos', { query: [['delete', '']], body: '<Delete></Delete>' }, 400, 'MalformedXML'],
    ['PUT', '/photos/a', { headers: { 'x-amz-copy-source': 'photos/missing' } }, 404, 'NoSuchKey'],
    ['PUT', '/photos/a', { headers: { 'x-amz-copy-source': 'photos' } }, 400, 'InvalidArgument'],
    [
      'PUT',
      '/photos/a',
      {
        query: [
          ['partNumber', '0'],
          ['uploadId', 'u'],
        ],
      },
      400,
      'InvalidArgument',
    ],
    [
      'PUT',
      '/photos/a',
      {
        query: [
          ['partNumber', '1'],
          ['uploadId', 'u'],
        ],
      },
      404,
      'NoSuchUpload',
    ],
    ['GET', '/photos/a', { query: [['versionId', 'v']] }, 404, 'NoSuchKey'],
    ['PATCH', '/photos/a', {}, 405, 'MethodNotAllowed'],
  ] as [string, string, Call, number, string][])('%s %s %j: %i %s', async (method, path, options, status, code) => {
    const answer = await call(method, path, options);
    expect([answer.status, /<Code>(.*)<\/Code>/.exec(answer.text)?.[1]]).toEqual([status, code]);
    await expect(store.head('photos', 'a')).rejects.toThrow();
  });

  test('a body that is not what was signed is refused and not stored', async () => {
    const headers = headersOf('PUT', '/photos/a', { body: 'good' });
    const { socket, answered } = await raw('PUT', '/photos/a', { ...headers, 'content-length': '4' });
    socket.write('evil');
    expect(await answered('</Error>')).toContain('<Code>XAmzContentSHA256Mismatch</Code>');
    await expect(store.head('photos', 'a')).rejects.toThrow();
  });

  test('an upload without a length is refused', async () => {
    const headers = headersOf('PUT', '/photos/a', {});
    const { answered } = await raw('PUT', '/photos/a', { ...headers, 'transfer-encoding': 'chunked' });
    expect(await answered('</Error>')).toContain('411');
  });

  test('what fails inside is not told to the client', async () => {
    store.list = async () => {
      throw new Error('/secret/path is broken');
    };
    const { status, text } = await call('GET', '/photos');
    expect(status).toBe(500);
    expect(text).toContain('InternalError');
    expect(text).not.toContain('secret');
  });
});

describe('bodies', () => {
  test('100-continue is sent when the body is wanted', async () => {
    const headers = {
      ...headersOf('PUT', '/photos/a', { body: 'wait' }),
      'content-length': '4',
      expect: '100-continue',
    };
    const { socket, answered } = await raw('PUT', '/photos/a', headers);
    await answered('HTTP/1.1 100 Continue');
    socket.write('wait');
    await answered('HTTP/1.1 200 OK');
    expect((await store.head('photos', 'a')).size).toBe(4);
  });

  test('a refused request is not asked for its body, and its connection ends', async () => {
    const headers = { host: 'h', 'content-length': '1000000', expect: '100-continue' };
    const { socket, answered } = await raw('PUT', '/photos/a', headers);
    const text = await answered('</Error>');
    expect(text).toMatch(/^HTTP\/1\.1 403/);
    expect(text).not.toContain('100 Continue');
    await waitUntil(() => socket.destroyed, { timeoutMs: 5000, what: 'the connection to end' });
  });

  test('a client that leaves half-way through a small body stores nothing', async () => {
    const body = { 'content-length': '1000', expect: '100-continue' };
    const { socket, answered } = await raw('PUT', '/photos/a', {
      ...headersOf('PUT', '/photos/a', { body: 'x' }),
      ...body,
    });
    await answered('HTTP/1.1 100 Continue');
    socket.write('some');
    socket.destroy();
    await waitUntil(() => store.failures.length === 1, { timeoutMs: 5000, what: 'the upload to fail' });
    await expect(store.head('photos', 'a')).rejects.toThrow();
  });

  test('a client that leaves half-way through a large body stores nothing', async () => {
    const headers = { ...headersOf('PUT', '/photos/a', { body: 'x' }), 'content-length': '100000' };
    const { socket } = await raw('PUT', '/photos/a', headers);
    socket.write('some');
    await waitUntil(() => store.received === 4, { timeoutMs: 5000, what: 'the first bytes' });
    socket.destroy();
    await waitUntil(() => store.failures.length === 1, { timeoutMs: 5000, what: 'the upload to fail' });
    await expect(store.head('photos', 'a')).rejects.toThrow();
  });

  test('a store that fails half-way answers at once, and the server survives the client', async () => {
    store.put = async ({ body }) => {
      for await (const _bytes of body) break;
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const headers = { ...headersOf('PUT', '/photos/a', { body: 'x' }), 'content-length': '1000000' };
    const { socket, answered } = await raw('PUT', '/photos/a', headers);
    socket.write('some');
    expect(await answered('</Error>')).toContain('<Code>ServiceUnavailable</Code>');
    socket.destroy();
    expect((await call('HEAD', '/photos')).status).toBe(200);
  });

  test('a refused upload is taken off the wire, so that its client reads why', async () => {
    const size = 8 * 2 ** 20;
    const { socket, answered } = await raw('PUT', '/photos/a', { host: 'h', 'content-length': String(size) });
    socket.write(Buffer.alloc(size));
    expect(await answered('</Error>')).toContain('<Code>AccessDenied</Code>');
    const lines = Object.entries(headersOf('HEAD', '/photos', {})).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HEAD /photos HTTP/1.1\r\n${lines.join('')}\r\n`);
    await answered('x-amz-bucket-region: local');
    expect(store.received).toBe(0);
  });

  test('a slow store slows the client down', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.hold = promise;
    const size = 64 * 2 ** 20;
    const headers = signRequest(KEY, {
      method: 'PUT',
      path: '/photos/a',
      headers: { host: 'h' },
      payload: 'UNSIGNED-PAYLOAD',
    });
    const { socket, answered } = await raw('PUT', '/photos/a', { ...headers, 'content-length': String(size) });
    for (let sent = 0; sent < size; sent += 2 ** 20) socket.write(Buffer.alloc(2 ** 20));
    await waitUntil(() => store.received > 0, { timeoutMs: 5000, what: 'the first bytes' });
    for (let i = 0; i < 1000; i++) await turn();
    expect(store.received).toBeLessThan(2 ** 20);
    expect(socket.writableLength).toBeGreaterThan(size / 2);
    resolve();
    await answered('HTTP/1.1 200 OK');
    expect(store.received).toBe(size);
  });

  test('a slow client slows the store down, and frees it by leaving', async () => {
    await store.put({ bucket: 'photos', key: 'endless', body: empty(), metadata: NO_METADATA });
    const { socket, answered } = await raw('GET', '/photos/endless', headersOf('GET', '/photos/endless', {}));
    await answered('HTTP/1.1 200 OK');
    socket.pause();
    let before = -1;
    await waitUntil(
      async () => {
        const stalled = before === store.served;
        before = store.served;
        for (let i = 0; i < 200; i++) await turn();
        return stalled;
      },
      { timeoutMs: 10_000, what: 'the store to wait for the client' },
    );
    expect(store.served).toBeLessThan(64 * 2 ** 20);
    socket.destroy();
    await waitUntil(() => store.released === 1, { timeoutMs: 5000, what: 'the object to be released' });
  });

  test('an empty object has no bytes and a length', async () => {
    await call('PUT', '/photos/empty');
    const { status, headers, text } = await call('GET', '/photos/empty');
    expect([status, headers['content-length'], text]).toEqual([200, '0', '']);
    expect((await call('GET', '/photos/empty', { headers: { range: 'bytes=0-' } })).status).toBe(416);
  });
});

describe('requests', () => {
  test('virtual-host style reaches the bucket', async () => {
    const host = 'photos.s3.localhost';
    expect((await call('PUT', '/a/b', { host, body: 'x' })).status).toBe(200);
    expect((await store.head('photos', 'a/b')).size).toBe(1);
    expect((await call('GET', '/', { host })).text).toContain('<Key>a/b</Key>');
  });

  test('a connection is used again, also after an error', async () => {
    const { socket, answered } = await raw('GET', '/photos/missing', headersOf('GET', '/photos/missing', {}));
    await answered('</Error>');
    const lines = Object.entries(headersOf('HEAD', '/photos', {})).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HEAD /photos HTTP/1.1\r\n${lines.join('')}\r\n`);
    expect(await answered('x-amz-bucket-region: local')).toContain('HTTP/1.1 200 OK');
  });

  test('a listing can be URL-encoded', async () => {
    await store.put({ bucket: 'photos', key: 'a b/ü+&', body: empty(), metadata: NO_METADATA });
    const plain = await call('GET', '/photos', { query: [['list-type', '2']] });
    expect(plain.text).toContain('<Key>a b/ü+&amp;</Key>');
    const query = [
      ['list-type', '2'],
      ['encoding-type', 'url'],
      ['fetch-owner', 'true'],
    ] as const;
    const encoded = await call('GET', '/photos', { query });
    expect(encoded.text).toContain('<Key>a%20b/%C3%BC%2B%26</Key>');
    expect(encoded.text).toContain('<Owner>');
  });

  test('a listing begins after a key and may be empty', async () => {
    for (const key of ['a', 'b', 'c']) await store.put({ bucket: 'photos', key, body: empty(), metadata: NO_METADATA });
    const after = await call('GET', '/photos', {
      query: [
        ['list-type', '2'],
        ['start-after', 'b'],
      ],
    });
    expect(after.text).toContain('<KeyCount>1</KeyCount>');
    const none = await call('GET', '/photos', {
      query: [
        ['list-type', '2'],
        ['max-keys', '0'],
      ],
    });
    expect(none.text).toContain('<IsTruncated>false</IsTruncated>');
    const marked = await call('GET', '/photos', {
      query: [
        ['marker', 'a'],
        ['max-keys', '1'],
      ],
    });
    expect(marked.text).toMatch(/<IsTruncated>true<.*<Key>b</s);
  });

  test('headers that stand in a presigned query cannot break the answer that repeats them', async () => {
    const now = formatTimestamp(Date.now());
    const path = '/photos/a';
    const url = (value: string) =>
      presign(KEY, {
        method: 'PUT',
        path,
        host: `127.0.0.1:${port}`,
        timestamp: now,
        extra: [['x-amz-meta-a', value]],
      });
    const refused = await fetch(`http://127.0.0.1:${port}${url('a\r\nset-cookie: b')}`, { method: 'PUT', body: 'x' });
    expect(refused.status).toBe(400);
    expect((await fetch(`http://127.0.0.1:${port}${url('grün')}`, { method: 'PUT', body: 'x' })).status).toBe(200);
    const { headers } = await call('GET', path);
    expect(Buffer.from(String(headers['x-amz-meta-a']), 'latin1').toString()).toBe('grün');
  });

  test('pages may preflight, and read any answer', async () => {
    const preflight = await call('OPTIONS', '/photos/a', {
      anonymous: true,
      headers: {
        origin: 'http://app.localhost',
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(200);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization,content-type',
    });
    const refused = await call('GET', '/photos/a', { anonymous: true, headers: { origin: 'http://app.localhost' } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([403, '*']);
    expect(refused.headers['access-control-allow-credentials']).toBeUndefined();
  });

  test('headers over the limit are refused', async () => {
    const { answered } = await raw('GET', '/', { host: 'h', 'x-long': 'x'.repeat(20_000) });
    expect(await answered('\r\n\r\n')).toContain('431');
  });
});

const NO_METADATA = { contentType: 'text/plain', headers: {}, user: {} };

async function* empty(): AsyncGenerator<Uint8Array> {}

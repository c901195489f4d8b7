import { once } from 'node:events';
import { connect as connectSocket, createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tests/support/temporary-directory.ts';
import { createLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { DepositObject, DepositPlace, DepositStore } from '../store/deposit.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { ByteRange } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { WINDOW_BYTES } from './body-flow.ts';
import { pack, packCall, type StateChange } from './calls.ts';
import { FrameType } from './frames.ts';
import { connectObjectStore, type RemoteObjectStoreOptions } from './remote-object-store.ts';
import { StoreServer } from './store-server.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const CHUNK = 64 * 1024;
const CODE = Buffer.alloc(32, 1);
const OTHER_CODE = Buffer.alloc(32, 2);
let stack: AsyncDisposableStack;
let socketPath: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  socketPath = join(stack.use(await temporaryDirectory()).path, 'store.sock');
});
afterEach(async () => stack.disposeAsync());

async function serve(store: ObjectStore, code = CODE): Promise<StoreServer> {
  const log = createLogger('objects', 'silent');
  return stack.adopt(
    await StoreServer.listen({ store, keys: () => [], webhooks: () => [], socketPath, code, log }),
    (server) => server.close(),
  );
}

async function connect(options: Partial<RemoteObjectStoreOptions> = {}) {
  return stack.adopt(await connectObjectStore({ socketPath, code: CODE, ...options }), (store) => store.close());
}

async function stored(objects: Readonly<Record<string, Buffer>>): Promise<MemoryObjectStore> {
  const store = new MemoryObjectStore();
  await store.createBucket('data');
  for (const [key, bytes] of Object.entries(objects)) {
    await store.put({ bucket: 'data', key, metadata, body: pieces(bytes) });
  }
  return store;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

function frame(type: FrameType, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(1, 4);
  header.writeUInt8(type, 8);
  return Buffer.concat([header, payload]);
}

function isAway(store: ObjectStore): boolean {
  try {
    store.buckets();
    return false;
  } catch {
    return true;
  }
}

test('while the store is away everything is refused, and nothing is answered by what may have changed', async () => {
  const first = await serve(await stored({}));
  const store = await connect();
  expect(store.bucket('data')?.name).toBe('data');
  let closing: Promise<void> | undefined;
  const upload = store.put({
    bucket: 'data',
    key: 'a',
    metadata,
    body: (async function* () {
      yield Buffer.alloc(10);
      closing = first.close();
      await waitUntil(() => isAway(store), { timeoutMs: 60_000, what: 'the end of the connection' });
    })(),
  });
  const unreachable = expect.objectContaining({ code: 'store.unreachable', kind: 'unavailable', retryable: true });
  await expect(upload).rejects.toEqual(unreachable);
  expect(() => store.bucket('data')).toThrow(unreachable);
  expect(() => store.buckets()).toThrow(unreachable);
  expect(() => store.keys.find('a')).toThrow(unreachable);
  await expect(store.head('data', 'a')).rejects.toEqual(unreachable);

  await closing;
  const other = new MemoryObjectStore();
  await other.createBucket('other');
  await serve(other);
  await waitUntil(() => !isAway(store), { timeoutMs: 60_000, what: 'the store to be back' });
  expect(store.buckets().map(({ name }) => name)).toEqual(['other']);
});

test('a change is acknowledged when every gateway goes by it, or is gone', async () => {
  const origin = await stored({});
  const server = await serve(origin);
  const gateways = await Promise.all([connect(), connect(), connect()]);
  await gateways[2]?.close();
  for (const versioning of ['enabled', 'suspended', 'enabled'] as const) {
    await origin.updateBucket('data', { versioning });
    await server.bucketChanged('data');
    expect(gateways.slice(0, 2).map((gateway) => gateway.bucket('data')?.versioning)).toEqual([versioning, versioning]);
  }
});

test('the state of many buckets comes in pieces, and what changes in between is not lost', async () => {
  const origin = await stored({});
  const [data] = origin.buckets();
  if (!data) throw new Error('there is no bucket');
  const documents = { policy: 'x'.repeat(20_000) };
  const rows = new Map(Array.from({ length: 300 }, (_, n) => [`b-${n}`, { ...data, name: `b-${n}`, documents }]));
  const asked: string[] = [];
  let onAsked = (_name: string) => {};
  origin.buckets = () => [...rows.values()];
  origin.bucket = (name) => {
    asked.push(name);
    onAsked(name);
    return rows.get(name);
  };
  const server = await serve(origin);
  await answerTo([CODE], 'b-15');
  expect(asked.length, 'before any of it is taken').toBe(16);

  const changes: Promise<void>[] = [];
  onAsked = (name) => {
    if (name !== 'b-150') return;
    onAsked = () => {};
    for (const gone of ['b-0', 'b-150', 'b-299']) {
      rows.delete(gone);
      changes.push(server.bucketChanged(gone));
    }
  };
  const store = await connect();
  await Promise.all(changes);
  expect(changes.length).toBe(3);
  expect(store.buckets().length).toBe(297);
  expect(store.bucket('b-298')?.documents).toEqual(documents);
});

test('a slow reader holds up the bytes of its own object, and nobody else', async () => {
  const large = Buffer.alloc(16 * WINDOW_BYTES, 'x');
  const origin = await stored({ large, small: Buffer.from('small') });
  let produced = 0;
  const open = origin.open.bind(origin);
  origin.open = async (...args) => {
    const read = await open(...args);
    const counted = async function* () {
      for await (const bytes of pieces(large)) {
        produced += bytes.length;
        yield bytes;
      }
    };
    return args[1] === 'large' ? { ...read, body: counted } : read;
  };
  await serve(origin);
  const store = await connect();
  const slow = await store.open('data', 'large');
  const bytes = slow.body()[Symbol.asyncIterator]();
  let received = (await bytes.next()).value?.length ?? 0;
  for (let i = 0; i < 20; i++) {
    const read = await store.open('data', 'small');
    expect(Buffer.concat(await Array.fromAsync(read.body())).toString()).toBe('small');
    read.release();
  }
  expect(produced).toBeLessThanOrEqual(2 * WINDOW_BYTES);
  for await (const more of { [Symbol.asyncIterator]: () => bytes }) received += more.length;
  expect(received).toBe(large.length);
  slow.release();
});

test('bodies of many calls at a time are not mixed', async () => {
  const origin = await stored({});
  await serve(origin);
  const store = await connect();
  const sizes = Array.from({ length: 40 }, (_, n) => (n * n * 977) % (3 * WINDOW_BYTES));
  const contents = sizes.map((size, n) => Buffer.alloc(size, `${n}-`));
  await Promise.all(
    contents.map((bytes, n) => store.put({ bucket: 'data', key: `${n}`, metadata, body: pieces(bytes) })),
  );
  await Promise.all(
    contents.map(async (bytes, n) => {
      const read = await store.open('data', `${n}`);
      expect(Buffer.concat(await Array.fromAsync(read.body())).equals(bytes)).toBe(true);
      read.release();
    }),
  );
});

test('a small object comes whole with the answer, and is held no longer', async () => {
  const origin = await stored({ a: Buffer.from('0123456789'), empty: Buffer.alloc(0) });
  let released = 0;
  const open = origin.open.bind(origin);
  origin.open = async (...args) => ({ ...(await open(...args)), release: () => void released++ });
  const server = await serve(origin);
  const store = await connect();
  const reads = [await store.open('data', 'a'), await store.open('data', 'a'), await store.open('data', 'empty')];
  expect(released).toBe(3);
  await server.close();
  const [whole, part, empty] = reads;
  const text = async (bytes: AsyncIterable<Uint8Array> | undefined) =>
    Buffer.concat(await Array.fromAsync(bytes ?? [])).toString();
  expect(await text(whole?.body())).toBe('0123456789');
  expect(await text(part?.body({ start: 2, end: 4 }))).toBe('234');
  expect(await text(empty?.body())).toBe('');
  for (const read of reads) read.release();
});

test('what a gateway had open is released when it goes', async () => {
  const origin = await stored({ a: Buffer.alloc(100_000, 'a') });
  let released = 0;
  const open = origin.open.bind(origin);
  origin.open = async (...args) => ({ ...(await open(...args)), release: () => void released++ });
  await serve(origin);
  const store = await connect();
  await Promise.all([store.open('data', 'a'), store.open('data', 'a')]);
  await store.close();
  await waitUntil(() => released === 2, { timeoutMs: 60_000, what: 'both to be released' });
});

const otherCode = expect.objectContaining({ code: 'role.other-code', kind: 'unavailable' });

test('a gateway does not come up over a store of other code', async () => {
  await serve(await stored({}), OTHER_CODE);
  await expect(connect()).rejects.toEqual(otherCode);
});

test('a gateway to which the store comes back with other code answers nothing any more, and says so', async () => {
  const first = await serve(await stored({}));
  const store = await connect();
  await first.close();
  await serve(await stored({}), OTHER_CODE);
  expect(await store.failed).toEqual(otherCode);
  expect(() => store.bucket('data')).toThrow(expect.objectContaining({ code: 'store.unreachable' }));
});

/** A store that tells its state, and then takes and says nothing any more. */
async function stall(): Promise<void> {
  const nothing = { encrypts: false, depositsAbove: undefined, buckets: [], keys: [] };
  const state: StateChange = { number: 1, isComplete: true, ...nothing };
  const server = createServer((socket) =>
    socket.on('error', () => {}).write(Buffer.concat([CODE, frame(FrameType.state, pack(state))])),
  );
  await once(server.listen(socketPath), 'listening');
  stack.defer(() => void server.close());
}

test('what waits for a store that is stalled is bounded, however many ask again', async () => {
  await stall();
  const answers = async (ask: (store: ObjectStore) => Promise<unknown>, most: number) => {
    const store = await connectObjectStore({ socketPath, code: CODE });
    const refused = Promise.withResolvers<number>();
    const asked: Promise<unknown>[] = [];
    for (let n = 0; n < most; n++) {
      asked.push(ask(store).catch((error) => error.code === 'store.busy' && refused.resolve(n)));
      if (n % 64 === 0) await setImmediate();
    }
    const first = await Promise.race([refused.promise, setImmediate(-1)]);
    await store.close();
    await Promise.all(asked);
    return first;
  };
  expect(await answers((store) => store.head('data', 'a'), 5000)).toBe(4096);
  const body = Buffer.alloc(120_000);
  const puts = await answers((store) => store.put({ bucket: 'data', key: 'a', metadata, body }), 2000);
  expect(puts).toBeGreaterThan(1000);
  expect(puts).toBeLessThan(1300);
});

test('uploads that wait for their clients leave room for everybody else', async () => {
  await serve(await stored({ a: Buffer.from('a') }));
  const store = await connect();
  const sent = Promise.withResolvers<void>();
  async function* slow() {
    await sent.promise;
    yield Buffer.from('late');
  }
  const uploads = Array.from({ length: 4096 }, (_, n) =>
    store.put({ bucket: 'data', key: `slow-${n}`, metadata, body: slow() }),
  );
  expect((await store.head('data', 'a')).size).toBe(1);
  sent.resolve();
  await Promise.all(uploads);
  expect((await store.head('data', 'slow-4095')).size).toBe(4);
});

/** What the server says, until it ends or has said `last`, to a peer that says `pieces`, one by one. */
async function answerTo(pieces: readonly Uint8Array[], last?: string): Promise<Buffer> {
  const socket = connectSocket(socketPath);
  let said = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => (said = Buffer.concat([said, bytes])));
  const isOver = once(socket, 'close').then(() => true);
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
    await setImmediate();
  }
  const hasSaid = () => last !== undefined && said.includes(last);
  await Promise.race([isOver, waitUntil(hasSaid, { timeoutMs: 60_000, what: `"${last}"` })]);
  socket.destroy();
  return said;
}

test('the store says nothing but its name to a peer of other code', async () => {
  await serve(await stored({}));
  expect(await answerTo([OTHER_CODE])).toEqual(CODE);
});

test('a name may come in pieces, with a call right behind it', async () => {
  await serve(await stored({}));
  const call = packCall({ method: 'head', args: ['nowhere', 'key'] });
  const rest = Buffer.concat([CODE.subarray(3), frame(FrameType.call, call)]);
  const answer = await answerTo([CODE.subarray(0, 3), rest], 'nowhere');
  expect(answer.subarray(0, CODE.length)).toEqual(CODE);
  expect(answer.toString('latin1')).toContain('bucket.not-found');
});

test('what the store has in files is read by the gateway itself, and kept until it is done or gone', async () => {
  const origin = await stored({ a: Buffer.from('sent') });
  let held = 0;
  const where = { directory: '/objects', files: [{ id: 1, size: 10, crc: 0 }], dataKey: Buffer.alloc(32, 7) };
  origin.open = async (bucket, key) => {
    held++;
    const info = { ...(await origin.head(bucket, key)), size: 10 };
    return { info, stored: where, body: () => pieces(Buffer.from('sent')), release: () => void held-- };
  };
  const server = await serve(origin);
  const readStored = (asked: unknown, range: ByteRange) => {
    expect(asked).toEqual(where);
    if (range.start === 0) throw objectErrors.damaged('data file 1', 'is gone');
    return pieces(Buffer.from(`read ${range.start}-${range.end}`));
  };
  const store = await connect({
    readStored: async function* (...args) {
      yield* readStored(...args);
    },
  });
  const [one, other] = [await store.open('data', 'a'), await store.open('data', 'a')];
  expect(Buffer.concat(await Array.fromAsync(one.body({ start: 3, end: 9 }))).toString()).toBe('read 3-9');
  expect(held).toBe(2);
  one.release();
  await waitUntil(() => held === 1, { timeoutMs: 60_000, what: 'the release' });
  await expect(Array.fromAsync(other.body())).rejects.toMatchObject({ code: 'object.damaged' });
  const late = await store.open('data', 'a');
  await server.close();
  await waitUntil(() => held === 0, { timeoutMs: 60_000, what: 'the end of what the gateway held' });
  await expect(Array.fromAsync(late.body())).rejects.toMatchObject({ code: 'store.unreachable' });
});

/** A store that has its bodies written by who sends them, at `place`; says in `kept` what it was told. */
function depositing(origin: MemoryObjectStore, place: DepositPlace) {
  const kept: unknown[] = [];
  const putBytes = origin.put.bind(origin);
  const put = async ({ body, ...object }: DepositObject) => {
    if (!('writeTo' in body)) return putBytes({ ...object, body });
    if (object.key === 'refused') throw objectErrors.notFound('data', object.key);
    const told = body.writeTo(place);
    kept.push(await told.catch((error) => error.code));
    await told;
    return putBytes({ ...object, body: Buffer.from('deposited') });
  };
  return { kept, store: Object.assign(origin, { depositsAbove: 10, put }) satisfies DepositStore };
}

test('what is larger than the store wants sent is written by the gateway itself, and told when it is there', async () => {
  const place = { id: 7, path: '/objects/7', key: { data: Buffer.alloc(32, 7), byCustomer: false } };
  const { kept, store: origin } = depositing(await stored({}), place);
  const server = await serve(origin);
  const store = await connect({
    writeDeposit: async (bytes, asked, size) => {
      expect(asked).toEqual(place);
      expect(size).toBe(11);
      const written = Buffer.concat(await Array.fromAsync(bytes));
      return { file: { id: asked.id, size: written.length, crc: 1 }, etag: written.toString() };
    },
  });
  let begun = 0;
  const body = async function* (end = async () => {}) {
    begun++;
    yield Buffer.from('hello ');
    await end();
    yield Buffer.from('world');
  };
  const headers: Record<string, string> = {};
  const put = (key: string, end?: () => Promise<void>) =>
    store.put({ bucket: 'data', key, size: 11, metadata: { ...metadata, headers }, body: body(end) });

  const info = await put('a', async () => {
    headers['x-amz-checksum-crc32'] = 'late';
  });
  expect(kept).toEqual([{ file: { id: 7, size: 11, crc: 1 }, etag: 'hello world' }]);
  expect(info.metadata.headers).toEqual({ 'x-amz-checksum-crc32': 'late' });
  expect((await store.put({ bucket: 'data', key: 'b', size: 10, metadata, body: body() })).size).toBe(11);
  expect(begun).toBe(2);

  await expect(put('refused')).rejects.toMatchObject({ code: 'object.not-found' });
  expect(begun).toBe(2);

  const gone = new Error('client gone');
  await expect(put('broken', () => Promise.reject(gone))).rejects.toBe(gone);
  await waitUntil(() => kept.length === 2, { timeoutMs: 60_000, what: 'the store to be told' });
  const unreachable = expect.objectContaining({ code: 'store.unreachable' });
  await expect(put('late', () => server.close())).rejects.toEqual(unreachable);
  await waitUntil(() => kept.length === 3, { timeoutMs: 60_000, what: 'the store to give up' });
  expect(kept.slice(1)).toEqual(['store.unreachable', 'store.unreachable']);
});

test('a deposit whose file went with its store is told as that the store is away', async () => {
  const place = { id: 7, path: '/objects/7' };
  const { store: origin } = depositing(await stored({}), place);
  const server = await serve(origin);
  const closing = Promise.withResolvers<Promise<void>>();
  const store = await connect({
    writeDeposit: async () => {
      closing.resolve(server.close());
      await waitUntil(() => isAway(store), { timeoutMs: 60_000, what: 'the end of the connection' });
      throw Object.assign(new Error('no such file or directory'), { code: 'ENOENT' });
    },
  });
  const body = pieces(Buffer.from('hello world'));
  await expect(store.put({ bucket: 'data', key: 'a', size: 11, metadata, body })).rejects.toMatchObject({
    code: 'store.unreachable',
  });
  await closing.promise;
});

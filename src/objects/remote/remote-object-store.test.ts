import { once } from 'node:events';
import { connect as connectSocket, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CODE, isAway, metadata, pieces, SharedStore, stored } from '../../../tests/support/shared-store.ts';
import { waitUntil } from '../../core/retry.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { WINDOW_BYTES } from './body-flow.ts';
import { pack, packCall, type StateChange } from './calls.ts';
import { FrameType } from './frames.ts';
import { connectObjectStore } from './remote-object-store.ts';

const OTHER_CODE = Buffer.alloc(32, 2);
let shared: SharedStore;

beforeEach(async () => {
  shared = await SharedStore.open();
});
afterEach(() => shared[Symbol.asyncDispose]());

function frame(type: FrameType, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(1, 4);
  header.writeUInt8(type, 8);
  return Buffer.concat([header, payload]);
}

test('while the store is away everything is refused, and nothing is answered by what may have changed', async () => {
  const first = await shared.serve(await stored({}));
  const store = await shared.connect();
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
  await shared.serve(other);
  await waitUntil(() => !isAway(store), { timeoutMs: 60_000, what: 'the store to be back' });
  expect(store.buckets().map(({ name }) => name)).toEqual(['other']);
});

test('a change is acknowledged when every gateway goes by it, or is gone', async () => {
  const origin = await stored({});
  const server = await shared.serve(origin);
  const gateways = await Promise.all([shared.connect(), shared.connect(), shared.connect()]);
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
  const server = await shared.serve(origin);
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
  const store = await shared.connect();
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
  await shared.serve(origin);
  const store = await shared.connect();
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
  await shared.serve(origin);
  const store = await shared.connect();
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
  const server = await shared.serve(origin);
  const store = await shared.connect();
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
  await shared.serve(origin);
  const store = await shared.connect();
  await Promise.all([store.open('data', 'a'), store.open('data', 'a')]);
  await store.close();
  await waitUntil(() => released === 2, { timeoutMs: 60_000, what: 'both to be released' });
});

const otherCode = expect.objectContaining({ code: 'role.other-code', kind: 'unavailable' });

test('a gateway does not come up over a store of other code', async () => {
  await shared.serve(await stored({}), OTHER_CODE);
  await expect(shared.connect()).rejects.toEqual(otherCode);
});

test('a gateway to which the store comes back with other code answers nothing any more, and says so', async () => {
  const first = await shared.serve(await stored({}));
  const store = await shared.connect();
  await first.close();
  await shared.serve(await stored({}), OTHER_CODE);
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
  await once(server.listen(shared.socketPath), 'listening');
  shared.stack.defer(() => void server.close());
}

test('what waits for a store that is stalled is bounded, however many ask again', async () => {
  await stall();
  const answers = async (ask: (store: ObjectStore) => Promise<unknown>, most: number) => {
    const store = await connectObjectStore({ socketPath: shared.socketPath, code: CODE });
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
  await shared.serve(await stored({ a: Buffer.from('a') }));
  const store = await shared.connect();
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
  const socket = connectSocket(shared.socketPath);
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
  await shared.serve(await stored({}));
  expect(await answerTo([OTHER_CODE])).toEqual(CODE);
});

test('a name may come in pieces, with a call right behind it', async () => {
  await shared.serve(await stored({}));
  const call = packCall({ method: 'head', args: ['nowhere', 'key'] });
  const rest = Buffer.concat([CODE.subarray(3), frame(FrameType.call, call)]);
  const answer = await answerTo([CODE.subarray(0, 3), rest], 'nowhere');
  expect(answer.subarray(0, CODE.length)).toEqual(CODE);
  expect(answer.toString('latin1')).toContain('bucket.not-found');
});

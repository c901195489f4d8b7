import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAway, metadata, pieces, SharedStore, stored } from '../../../tests/support/shared-store.ts';
import { waitUntil } from '../../core/retry.ts';
import type { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { DepositObject, DepositPlace, DepositStore } from '../store/deposit.ts';
import { objectErrors } from '../store/errors/object-errors.ts';
import type { ByteRange } from '../store/object.ts';

/** Large objects, which a gateway reads and writes in the store's files itself. */

let shared: SharedStore;

beforeEach(async () => {
  shared = await SharedStore.open();
});
afterEach(() => shared[Symbol.asyncDispose]());

test('what the store has in files is read by the gateway itself, and kept until it is done or gone', async () => {
  const origin = await stored({ a: Buffer.from('sent') });
  let held = 0;
  const where = { directory: '/objects', files: [{ id: 1, size: 10, crc: 0 }], dataKey: Buffer.alloc(32, 7) };
  origin.open = async (bucket, key) => {
    held++;
    const info = { ...(await origin.head(bucket, key)), size: 10 };
    return { info, stored: where, body: () => pieces(Buffer.from('sent')), release: () => void held-- };
  };
  const server = await shared.serve(origin);
  const readStored = (asked: unknown, range: ByteRange) => {
    expect(asked).toEqual(where);
    if (range.start === 0) throw objectErrors.damaged('data file 1', 'is gone');
    return pieces(Buffer.from(`read ${range.start}-${range.end}`));
  };
  const store = await shared.connect({
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
  const server = await shared.serve(origin);
  const store = await shared.connect({
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
  const server = await shared.serve(origin);
  const closing = Promise.withResolvers<Promise<void>>();
  const store = await shared.connect({
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

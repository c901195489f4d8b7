import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestClock } from '../../../tests/support/test-clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import { createLogger, type Logger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { PutObject } from '../store/object.ts';
import { AccessLog } from './access-log.ts';
import type { AccessRecord } from './access-record.ts';
import type { BucketLogging } from './bucket-logging.ts';

const MINUTE = 60_000;
const MiB = 1024 * 1024;

let store: MemoryObjectStore;
let clock: TestClock;
let accessLog: AccessLog;
let warnings: string[];
/** Thrown by the next puts instead of what they do. */
let failure: HoldfastError | undefined;

beforeEach(async () => {
  store = new MemoryObjectStore();
  clock = new TestClock(); // 2030-01-01T00:00:00Z
  warnings = [];
  failure = undefined;
  for (const name of ['site', 'logs']) await store.createBucket(name);
  const put = async (object: PutObject) => {
    if (failure) throw failure;
    return store.put(object);
  };
  const log = { ...createLogger('test', 'silent'), warn: (_: object, text: string) => warnings.push(text) };
  accessLog = new AccessLog({
    store: { put },
    log: log as unknown as Logger,
    region: 'local',
    accessLogMs: MINUTE,
    clock,
  });
});
afterEach(() => accessLog.close());

const setLogging = (logging: Partial<BucketLogging> | undefined, bucket = 'site') =>
  store.updateBucket(bucket, {
    documents: { logging: logging && JSON.stringify({ target: 'logs', prefix: 'site/', ...logging }) },
  });

function add(requestId: string, more: Partial<AccessRecord> = {}, name = 'site'): void {
  const bucket = store.bucket(name);
  if (!bucket) throw new Error(`no bucket ${name}`);
  accessLog.add(bucket, () => ({ bucket: name, time: clock.now(), requestId, operation: 'REST.GET.OBJECT', ...more }));
}

async function objects(bucket = 'logs'): Promise<Record<string, string>> {
  const { objects } = await store.list({ bucket, limit: 1000 });
  const found: Record<string, string> = {};
  for (const { key } of objects) {
    const { body, bytes, release } = await store.open(bucket, key);
    const pieces = bytes ? [bytes] : await Array.fromAsync(body());
    found[key] = Buffer.concat(pieces).toString();
    release();
  }
  return found;
}

const delivered = (count: number, bucket = 'logs') =>
  waitUntil(
    async () => {
      const found = await objects(bucket);
      return Object.keys(found).length >= count && found;
    },
    { timeoutMs: 60_000, what: `${count} log objects` },
  );
const idsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[6]);

test('lines are delivered together, in order, when their time has come', async () => {
  await setLogging({});
  add('A1');
  add('A2');
  expect(await objects()).toEqual({});
  clock.advance(MINUTE);
  const [[key = '', text = ''] = [], ...more] = Object.entries(await delivered(1));
  expect(more).toEqual([]);
  expect(key).toMatch(/^site\/2030-01-01-00-01-00-[0-9A-F]{16}$/);
  expect(idsOf(text)).toEqual(['A1', 'A2']);
  expect((await store.head('logs', key)).metadata.contentType).toBe('text/plain');
});

test('a bucket without an access log is not asked for anything', async () => {
  const bucket = store.bucket('site');
  if (bucket) accessLog.add(bucket, () => expect.unreachable());
  await accessLog.close();
  expect(await objects()).toEqual({});
});

test('the end delivers what there is', async () => {
  await setLogging({});
  add('A1');
  await accessLog.close();
  expect(Object.values(await objects()).map(idsOf)).toEqual([['A1']]);
});

test('a log goes where it was to go when the request came', async () => {
  await setLogging({});
  add('A1');
  await setLogging({ prefix: 'other/' });
  add('A2');
  await setLogging(undefined);
  add('A3');
  await accessLog.close();
  const found = Object.entries(await objects()).map(([key, text]) => [key.split('/')[0], idsOf(text)]);
  expect(found).toEqual([
    ['other', ['A2']],
    ['site', ['A1']],
  ]);
});

test('keys by the day of the requests, an object a day; or by that of the delivery', async () => {
  await setLogging({ keyFormat: 'event-time', prefix: 'e/' });
  add('A1', { time: clock.now() - 1 });
  add('A2');
  await setLogging({ keyFormat: 'delivery-time', prefix: 'd/' });
  add('A3', { time: clock.now() - 1 });
  await accessLog.close();
  const found = Object.entries(await objects()).map(([key, text]) => [key.slice(0, -17), idsOf(text)]);
  expect(found).toEqual([
    ['d/000000000000/local/site/2030/01/01/2030-01-01-00-00-00', ['A3']],
    ['e/000000000000/local/site/2029/12/31/2029-12-31-00-00-00', ['A1']],
    ['e/000000000000/local/site/2030/01/01/2030-01-01-00-00-00', ['A2']],
  ]);
});

test('an object is delivered before its time when it is large', async () => {
  await setLogging({});
  const userAgent = 'x'.repeat(15_000);
  for (let i = 0; i < 70; i++) add(`A${i}`, { userAgent });
  const [text = ''] = Object.values(await delivered(1));
  expect(text.length).toBeGreaterThanOrEqual(MiB);
  expect(text.length).toBeLessThan(MiB + 16_000);
  await accessLog.close();
  expect(Object.values(await objects()).flatMap(idsOf)).toHaveLength(70);
});

test('without a target lines are dropped, and that is said once until it works again', async () => {
  await setLogging({});
  await store.deleteBucket('logs');
  for (let round = 0; round < 3; round++) {
    add(`A${round}`);
    clock.advance(MINUTE);
    await waitUntil(() => warnings.length === 1, { timeoutMs: 60_000, what: 'the warning' });
  }
  await store.createBucket('logs');
  add('A3');
  await accessLog.close();
  expect(Object.values(await objects()).flatMap(idsOf)).toContain('A3');
  expect(warnings).toEqual(['the access log of a bucket is dropped']);
});

test('a target that is full takes nothing, and the lines are dropped', async () => {
  await setLogging({});
  await store.updateBucket('logs', { quota: { bytes: 1 } });
  add('A1');
  clock.advance(MINUTE);
  await waitUntil(() => warnings.length > 0, { timeoutMs: 60_000, what: 'the warning' });
  await store.updateBucket('logs', { quota: {} });
  await accessLog.close();
  expect([await objects(), warnings]).toEqual([{}, ['the access log of a bucket is dropped']]);
});

test.each([
  new HoldfastError({ code: 'disk.full', kind: 'exhausted', message: 'full' }),
  new HoldfastError({ code: 'store.unreachable', kind: 'unavailable', message: 'away' }),
])('lines wait until the store takes them again, as far as memory goes: $code', async (error) => {
  await setLogging({});
  failure = error;
  const userAgent = 'x'.repeat(16_000);
  for (let i = 0; i < 1200; i++) add(`A${i}`, { userAgent });
  clock.advance(MINUTE);
  await waitUntil(() => warnings.length === 2, { timeoutMs: 60_000, what: 'the warnings' });
  failure = undefined;
  clock.advance(MINUTE);
  await delivered(16);
  add('last');
  await accessLog.close();
  const ids = Object.values(await objects()).flatMap(idsOf);
  expect(ids.length).toBeGreaterThan(1000);
  expect(ids.length).toBeLessThan(16 * 66);
  expect([ids.includes('A0'), ids.includes('A1199'), ids.includes('last')]).toEqual([true, false, true]);
  expect(warnings.sort()).toEqual([
    'access log lines were dropped: too many wait for their delivery',
    'the access log of a bucket waits',
  ]);
});

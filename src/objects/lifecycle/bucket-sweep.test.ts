import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../../core/log.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import type { Bucket } from '../store/bucket.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { sweepBucket } from './bucket-sweep.ts';
import { daysAfter } from './expiry.ts';
import type { LifecycleRule } from './lifecycle-rule.ts';
import { LifecycleWorker } from './lifecycle-worker.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** Half past ten in the morning. */
const START = Date.UTC(2030, 0, 15, 10, 30);

let now = START;
let store: MemoryObjectStore;
const clock = { now: () => now, sleep: async () => {} };

beforeEach(async () => {
  now = START;
  store = new MemoryObjectStore({ clock, minPartBytes: 1 });
  await store.createBucket('logs');
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const put = (key: string, headers: Record<string, string> = {}, text = 'bytes') =>
  store.put({ bucket: 'logs', key, body: bytesOf(text), metadata: { contentType: '', headers, user: {} } });

type RuleParts = Partial<Omit<LifecycleRule, 'filter'>> & { readonly filter?: Partial<LifecycleRule['filter']> };

async function setRules(...rules: RuleParts[]): Promise<void> {
  const full = rules.map(({ filter, ...rule }, i) => ({
    ...{ id: `rule-${i}`, enabled: true, filter: { tags: [], ...filter } },
    ...rule,
  }));
  await store.updateBucket('logs', { documents: { lifecycle: JSON.stringify(full) } });
}

async function sweep(through: ObjectStore = store) {
  const bucket = store.bucket('logs');
  if (!bucket) throw new Error('no bucket');
  return sweepBucket(bucket, { store: through, now, signal: new AbortController().signal });
}

const versions = async () =>
  (await store.listVersions({ bucket: 'logs', limit: 10_000 })).versions.map(
    ({ key, size, isLatest, deleteMarker }) =>
      `${key} ${deleteMarker ? 'marker' : size}${isLatest ? '' : ' noncurrent'}`,
  );
const keys = async () => (await store.list({ bucket: 'logs', limit: 10_000 })).objects.map(({ key }) => key);
const NOTHING = { objects: 0, noncurrent: 0, markers: 0, uploads: 0 };

test('days end at the midnight that follows', () => {
  expect(new Date(daysAfter(START, 3)).toISOString()).toBe('2030-01-19T00:00:00.000Z');
  expect(new Date(daysAfter(Date.UTC(2030, 0, 15, 23, 59, 59, 999), 1)).toISOString()).toBe('2030-01-17T00:00:00.000Z');
});

describe('objects expire', () => {
  test('by age, at midnight, and nothing before', async () => {
    await put('old');
    now += 20 * HOUR;
    await put('young');
    await setRules({ expiration: { days: 1 } });
    now = Date.UTC(2030, 0, 17) - 1;
    expect(await sweep()).toEqual(NOTHING);
    now += 1;
    expect(await sweep()).toEqual({ ...NOTHING, objects: 1 });
    expect(await keys()).toEqual(['young']);
  });

  test('at a date, however old', async () => {
    await put('a');
    await setRules({ expiration: { date: Date.UTC(2030, 0, 16) } });
    expect(await sweep()).toEqual(NOTHING);
    now = Date.UTC(2030, 0, 16);
    await put('b');
    expect(await sweep()).toEqual({ ...NOTHING, objects: 2 });
  });

  test('where prefix, tags and size say so, and the rule is enabled', async () => {
    await put('tmp/a', { 'x-amz-tagging': 'keep=no&team=web' });
    await put('tmp/b', { 'x-amz-tagging': 'keep=yes' });
    await put('tmp/c', { 'x-amz-tagging': 'keep=no' }, 'longer than the rest');
    await put('tmp/d', { 'x-amz-tagging': 'keep=no' }, '');
    await put('tmq/e', { 'x-amz-tagging': 'keep=no' });
    now += 10 * DAY;
    const filter = { prefix: 'tmp/', tags: [{ key: 'keep', value: 'no' }], largerThan: 0, smallerThan: 20 };
    await setRules({ filter, enabled: false, expiration: { days: 1 } });
    expect(await sweep()).toEqual(NOTHING);
    await setRules({ filter, expiration: { days: 1 } });
    expect(await sweep()).toEqual({ ...NOTHING, objects: 1 });
    expect(await keys()).toEqual(['tmp/b', 'tmp/c', 'tmp/d', 'tmq/e']);
  });

  test('by a delete marker in a bucket with versions', async () => {
    await store.updateBucket('logs', { versioning: 'enabled' });
    await put('a');
    now += 2 * DAY;
    await setRules({ expiration: { days: 1 } });
    expect(await sweep()).toEqual({ ...NOTHING, objects: 1 });
    expect(await versions()).toEqual(['a marker', 'a 5 noncurrent']);
    expect(await sweep()).toEqual(NOTHING);
  });

  test('in a bucket of many pages', async () => {
    for (let i = 0; i < 600; i++) await put(`${i % 2 === 0 ? 'gone' : 'kept'}/${i}`);
    now += 2 * DAY;
    await setRules({ filter: { prefix: 'gone/' }, expiration: { days: 1 } });
    expect(await sweep()).toEqual({ ...NOTHING, objects: 300 });
    expect((await keys()).every((key) => key.startsWith('kept/'))).toBe(true);
  });

  test('unless they were written again since they were looked at', async () => {
    await put('a');
    await put('b');
    now += 2 * DAY;
    await setRules({ expiration: { days: 1 } });
    const writing = racing(async (key) => key === 'a' && put('a', {}, 'new'));
    expect(await sweep(writing)).toEqual({ ...NOTHING, objects: 1 });
    expect(await versions()).toEqual(['a 3']);
  });

  test('unless the tag that they would go by has been taken away since', async () => {
    const tagged = { 'x-amz-tagging': 'keep=no' };
    await put('a', tagged);
    await put('b', tagged);
    now += 2 * DAY;
    await setRules({ filter: { tags: [{ key: 'keep', value: 'no' }] }, expiration: { days: 1 } });
    const headers = { 'x-amz-tagging': undefined };
    const untagging = racing(async (key) => key === 'a' && store.updateMetadata('logs', 'a', { headers }));
    expect(await sweep(untagging)).toEqual({ ...NOTHING, objects: 1 });
    expect(await keys()).toEqual(['a']);
  });

  test('unless their rule has been taken away since', async () => {
    for (let i = 0; i < 600; i++) await put(`${i}`);
    now += 2 * DAY;
    await setRules({ expiration: { days: 1 } });
    const stopping = atSecondPage(() => store.updateBucket('logs', { documents: { lifecycle: undefined } }));
    expect((await sweep(stopping)).objects).toBeLessThanOrEqual(250);
    expect((await keys()).length).toBeGreaterThanOrEqual(350);
  });

  test('unless their bucket is another one since', async () => {
    for (let i = 0; i < 300; i++) await put(`${i}`);
    await setRules({ expiration: { date: START } });
    const another = atSecondPage(async () => {
      await store.deleteBucket('logs', { force: true });
      await store.createBucket('logs');
      await put('z');
    });
    await sweep(another);
    expect(await keys()).toEqual(['z']);
  });

  test('and are told apart from what somebody removed', async () => {
    const { position } = await store.changes.subscribe('test');
    await put('a');
    await put('b');
    await store.remove('logs', 'b');
    now += 2 * DAY;
    await setRules({ expiration: { days: 1 } });
    await sweep();
    const { changes } = await store.changes.read({ from: position + 4 });
    expect(changes).toMatchObject([{ kind: 'removed', key: 'a', byLifecycle: true }]);
  });
});

/** The store, with something that happens between the look at an object and its removal. */
function racing(meanwhile: (key: string) => Promise<unknown>): ObjectStore {
  return Object.create(store, {
    remove: {
      value: async (...args: Parameters<ObjectStore['remove']>) => {
        await meanwhile(args[1]);
        return store.remove(...args);
      },
    },
    bucket: { value: (name: string) => store.bucket(name) },
    listVersions: { value: (request: Parameters<ObjectStore['listVersions']>[0]) => store.listVersions(request) },
  }) as ObjectStore;
}

/** The store, with something that happens before the second page of versions is listed. */
function atSecondPage(meanwhile: () => Promise<unknown>): ObjectStore {
  return Object.create(
    racing(async () => {}),
    {
      listVersions: {
        value: async (request: Parameters<ObjectStore['listVersions']>[0]) => {
          if (request.after) await meanwhile();
          return store.listVersions(request);
        },
      },
    },
  ) as ObjectStore;
}

describe('noncurrent versions expire', () => {
  beforeEach(() => store.updateBucket('logs', { versioning: 'enabled' }));

  test('by the time since which they are noncurrent', async () => {
    await put('a', {}, '1');
    now += 10 * DAY;
    await put('a', {}, '22');
    await setRules({ noncurrent: { days: 3 } });
    now += 3 * DAY;
    expect(await sweep()).toEqual(NOTHING);
    now += DAY;
    expect(await sweep()).toEqual({ ...NOTHING, noncurrent: 1 });
    expect(await versions()).toEqual(['a 2']);
  });

  test('but for as many as are to be kept, of each key', async () => {
    for (let i = 1; i <= 5; i++) {
      await put('a', {}, 'x'.repeat(i));
      await put('b', {}, 'x'.repeat(i));
    }
    await store.remove('logs', 'b');
    now += 10 * DAY;
    await setRules({ noncurrent: { days: 1, newerVersions: 2 } });
    expect(await sweep()).toEqual({ ...NOTHING, noncurrent: 5 });
    expect(await versions()).toEqual([
      'a 5',
      'a 4 noncurrent',
      'a 3 noncurrent',
      'b marker',
      'b 5 noncurrent',
      'b 4 noncurrent',
    ]);
  });

  test('but delete markers take the place of none that is to be kept', async () => {
    for (let i = 1; i <= 3; i++) {
      await put('a', {}, 'x'.repeat(i));
      for (let j = 0; j < 2; j++) await store.remove('logs', 'a');
    }
    await put('a', {}, 'current');
    now += 10 * DAY;
    await setRules({ noncurrent: { days: 1, newerVersions: 2 } });
    await sweep();
    expect(await versions()).toEqual([
      'a 7',
      'a marker noncurrent',
      'a marker noncurrent',
      'a 3 noncurrent',
      'a 2 noncurrent',
    ]);
  });

  test('unless they are locked, or current again', async () => {
    await store.createBucket('safe', { objectLock: {} });
    const lock = {
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': new Date(START + 20 * DAY).toISOString(),
    };
    const body = () => bytesOf('x');
    const metadata = { contentType: '', headers: lock, user: {} };
    await store.put({ bucket: 'safe', key: 'a', body: body(), metadata });
    await store.put({ bucket: 'safe', key: 'a', body: body(), metadata: { ...metadata, headers: {} } });
    const rule = { id: 'r', enabled: true, filter: { tags: [] }, noncurrent: { days: 1 } };
    const safe = await store.updateBucket('safe', { documents: { lifecycle: JSON.stringify([rule]) } });
    const options = { store, signal: new AbortController().signal };
    now += 10 * DAY;
    expect(await sweepBucket(safe, { ...options, now })).toEqual(NOTHING);
    now += 11 * DAY;
    expect(await sweepBucket(safe, { ...options, now })).toEqual({ ...NOTHING, noncurrent: 1 });

    const first = await put('b');
    const second = await put('b');
    await store.remove('logs', 'b', { versionId: second.versionId });
    const removal = store.remove('logs', 'b', { versionId: first.versionId, ifNoncurrent: true });
    await expect(removal).rejects.toThrow(expect.objectContaining({ code: 'object.precondition' }));
  });

  test('with their markers, in the end', async () => {
    await put('a');
    await store.remove('logs', 'a');
    await put('b');
    now += 5 * DAY;
    await setRules({ expiration: { deleteMarkers: true } }, { noncurrent: { days: 1 } });
    expect(await sweep()).toEqual({ ...NOTHING, noncurrent: 1 });
    expect(await versions()).toEqual(['a marker', 'b 5']);
    expect(await sweep()).toEqual({ ...NOTHING, markers: 1 });
    expect(await versions()).toEqual(['b 5']);
  });

  test('unless an object has taken the place of the marker since, in the same second', async () => {
    await store.updateBucket('logs', { versioning: 'suspended' });
    await store.remove('logs', 'a');
    await setRules({ expiration: { deleteMarkers: true } });
    expect(await sweep(racing(() => put('a')))).toEqual(NOTHING);
    expect(await versions()).toEqual(['a 5']);
  });

  test('and a rule of days takes lonely markers of that age along', async () => {
    await store.remove('logs', 'a');
    await setRules({ filter: { tags: [{ key: 'a', value: '1' }] }, expiration: { days: 1 } });
    now += DAY;
    expect(await sweep()).toEqual(NOTHING);
    await setRules({ expiration: { days: 1 } });
    expect(await sweep()).toEqual(NOTHING);
    now += DAY;
    expect(await sweep()).toEqual({ ...NOTHING, markers: 1 });
  });
});

test('uploads stay once their rule has been taken away', async () => {
  const metadata = { contentType: '', headers: {}, user: {} };
  await store.createUpload('logs', 'a', metadata);
  now += 5 * DAY;
  await setRules({ abortUploadsDays: 3 });
  const bucket = store.bucket('logs') as Bucket;
  await setRules({ abortUploadsDays: 30 });
  const options = { store, now, signal: new AbortController().signal };
  expect(await sweepBucket(bucket, options)).toEqual(NOTHING);
});

test('uploads that nobody completes are aborted', async () => {
  const metadata = { contentType: '', headers: {}, user: {} };
  await store.createUpload('logs', 'tmp/a', metadata);
  await store.createUpload('logs', 'b', metadata);
  now += 5 * DAY;
  await store.createUpload('logs', 'tmp/c', metadata);
  await setRules({ filter: { prefix: 'tmp/' }, abortUploadsDays: 3 });
  expect(await sweep()).toEqual({ ...NOTHING, uploads: 1 });
  const { uploads } = await store.listUploads({ bucket: 'logs', limit: 10 });
  expect(uploads.map(({ key }) => key)).toEqual(['b', 'tmp/c']);
});

test('what a lost key has sealed stays, and keeps nothing else', async () => {
  for (const key of ['a', 'sealed', 'z']) await put(key);
  now += 10 * DAY;
  await setRules({ expiration: { days: 1 } });
  const refusing = racing(async (key) => {
    if (key === 'sealed') throw bucketErrors.keyLost('logs');
  });
  expect(await sweep(refusing)).toEqual({ ...NOTHING, objects: 2 });
  expect(await keys()).toEqual(['sealed']);
});

describe('the worker', () => {
  let worker: LifecycleWorker | undefined;
  afterEach(() => worker?.close());

  test('sweeps again and again, and one bucket that fails stops no other', async () => {
    await store.createBucket('broken');
    await store.updateBucket('broken', { documents: { lifecycle: 'no JSON' } });
    await setRules({ expiration: { days: 1 } });
    const naps: number[] = [];
    const { promise: twice, resolve } = Promise.withResolvers<void>();
    await put('a');
    worker = new LifecycleWorker({
      store,
      log: createLogger('objects', 'silent'),
      intervalMs: 2 * DAY,
      clock: {
        now: () => now,
        sleep: async (ms, { signal } = {}) => {
          naps.push(ms);
          now += ms;
          if (naps.length === 2) await put('b');
          if (naps.length < 4) return;
          resolve();
          await new Promise((_, reject) => signal?.addEventListener('abort', reject, { once: true }));
        },
      },
    });
    await twice;
    expect(naps).toEqual([60_000, 2 * DAY, 2 * DAY, 2 * DAY]);
    expect(await keys()).toEqual([]);
  });
});

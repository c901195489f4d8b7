import { beforeEach, describe, expect, test } from 'vitest';
import { parseAppFile } from '../spec/app-file.ts';
import { documentChanges } from './bucket-documents.ts';
import { sweepBucket } from './lifecycle/bucket-sweep.ts';
import { MemoryObjectStore } from './memory-store/memory-object-store.ts';
import { requireBucket } from './s3/bucket.ts';

const DAY = 24 * 3600_000;
const START = Date.UTC(2030, 0, 15, 10, 30);
const metadata = { contentType: '', headers: {}, user: {} };

let now: number;
let store: MemoryObjectStore;

beforeEach(async () => {
  now = START;
  store = new MemoryObjectStore({ clock: { now: () => now, sleep: async () => {} }, minPartBytes: 1 });
  await store.createBucket('logs', { versioning: 'enabled' });
});

/** Gives the bucket what an app file with these properties says. */
async function configure(properties: object): Promise<void> {
  const text = JSON.stringify({ resources: { logs: { type: 'bucket', properties } } });
  const { logs } = parseAppFile({ text, filename: 'holdfast.yaml', directoryName: 'app' }).spec.buckets;
  const documents = documentChanges(requireBucket(store, 'logs'), { name: 'logs', ...logs });
  await store.updateBucket('logs', { documents });
}

const put = (key: string, { size = 5, tags = '' } = {}) => {
  const headers: Record<string, string> = tags === '' ? {} : { 'x-amz-tagging': tags };
  const body = (async function* () {
    yield new Uint8Array(size);
  })();
  return store.put({ bucket: 'logs', key, body, metadata: { ...metadata, headers } });
};

const sweep = () => sweepBucket(requireBucket(store, 'logs'), { store, now, signal: new AbortController().signal });
const keys = async () => (await store.list({ bucket: 'logs', limit: 100 })).objects.map(({ key }) => key);
const versions = async () =>
  (await store.listVersions({ bucket: 'logs', limit: 100 })).versions.map(
    ({ key, deleteMarker, size }) => `${key} ${deleteMarker ? 'marker' : size}`,
  );

describe('the lifecycle rules of an app file', () => {
  test('expire what has the prefix, the tags and the size, when its days have passed', async () => {
    await configure({
      lifecycle: [
        { prefix: 'tmp/', expireAfter: '7d' },
        { tags: { keep: 'no', year: 2026 }, expireAfter: 1 },
        { largerThan: '1MiB', smallerThan: '2MiB', expireAfter: 1 },
      ],
    });
    await put('tmp/a');
    await put('kept', { tags: 'keep=no' });
    await put('tagged', { tags: 'keep=no&year=2026' });
    await put('large', { size: 1.5 * 2 ** 20 });
    await put('larger', { size: 2 ** 21 });
    now += 2 * DAY;
    await sweep();
    expect(await keys()).toEqual(['kept', 'larger', 'tmp/a']);
    now += 6 * DAY;
    await sweep();
    expect(await keys()).toEqual(['kept', 'larger']);
  });

  test('expire old versions but for the newest, with the markers of what has none left', async () => {
    await configure({ lifecycle: [{ prefix: 'a', expireOldVersionsAfter: 3, keepOldVersions: 1 }] });
    for (const size of [1, 2, 3]) await put('a', { size });
    for (const size of [1, 2]) await put('b', { size });
    now += 5 * DAY;
    await sweep();
    expect(await versions()).toEqual(['a 3', 'a 2', 'b 2', 'b 1']);

    await configure({ lifecycle: [{ expireOldVersionsAfter: 3 }] });
    await store.remove('logs', 'a');
    await sweep();
    expect(await versions()).toEqual(['a marker', 'a 3', 'b 2']);
    now += 5 * DAY;
    await sweep();
    await sweep();
    expect(await versions()).toEqual(['b 2']);
  });

  test('abort uploads that nobody finishes', async () => {
    await configure({ lifecycle: [{ abortUploadsAfter: 1 }] });
    await store.createUpload('logs', 'a', metadata);
    expect(await sweep()).toMatchObject({ uploads: 0 });
    now += 2 * DAY;
    expect(await sweep()).toMatchObject({ uploads: 1 });
  });
});

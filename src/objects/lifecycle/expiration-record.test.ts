import { expect, test } from 'vitest';
import { readAccessLogs } from '../../../tests/support/access-log.ts';
import { TestClock } from '../../../tests/support/test-clock.ts';
import { createLogger } from '../../core/log.ts';
import { AccessLog } from '../access-log/access-log.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import { LifecycleWorker } from './lifecycle-worker.ts';

const DAY = 24 * 3600_000;
const log = createLogger('objects', 'silent');
const metadata = { contentType: '', headers: {}, user: {} };

test('the access log of a bucket tells of each thing that a rule took away', async () => {
  let now = Date.UTC(2030, 0, 15);
  const store = new MemoryObjectStore({ clock: { now: () => now, sleep: async () => {} } });
  await store.createBucket('logs');
  await store.createBucket('site', { versioning: 'enabled' });
  const rule = { id: 'all', enabled: true, filter: { tags: [] } };
  const rules = [
    { ...rule, expiration: { days: 1 }, noncurrent: { days: 1 }, abortUploadsDays: 1 },
    { ...rule, expiration: { deleteMarkers: true } },
  ];
  const logging = { target: 'logs', prefix: '' };
  await store.updateBucket('site', {
    documents: { logging: JSON.stringify(logging), lifecycle: JSON.stringify(rules) },
  });
  const { versionId } = await store.put({ bucket: 'site', key: 'a b', body: Buffer.from('bytes'), metadata });
  await store.createUpload('site', 'big', metadata);

  const accessLog = new AccessLog({ store, log, region: 'local', clock: new TestClock() });
  const ids: (readonly string[])[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const sleep = async (ms: number) => {
    ids.push((await store.listVersions({ bucket: 'site', limit: 10 })).versions.map((version) => version.versionId));
    if (ids.length === 5) resolve();
    now += ms;
  };
  const clock = { now: () => now, sleep };
  const worker = new LifecycleWorker({ store, log, intervalMs: 2 * DAY, clock, accessLog });
  await done;
  await worker.close();
  await accessLog.close();
  const markerId = ids[2]?.[0];
  expect(ids.slice(0, 5)).toEqual([[versionId], [versionId], [markerId, versionId], [markerId], []]);

  const lines = await readAccessLogs(store, 'logs');
  const told = lines.map(({ operation, key, versionId, objectSize }) => [operation, key, versionId, objectSize]);
  expect(told.sort()).toEqual(
    [
      ['S3.CREATE.DELETEMARKER', 'a%2520b', markerId, '5'],
      ['S3.DELETE.UPLOAD', 'big', '-', '-'],
      ['S3.EXPIRE.OBJECT', 'a%2520b', versionId, '5'],
      ['S3.EXPIRE.OBJECT', 'a%2520b', markerId, '-'],
    ].sort(),
  );
  for (const line of lines) {
    expect(line).toMatchObject({ bucket: 'site', requester: 'AmazonS3', remoteIp: '-', requestLine: '-', status: '-' });
    expect(line.requestId).toMatch(/^[0-9A-F]{16}$/);
  }
});

test('a clock that jumps ahead makes nothing go until the next sweep', async () => {
  let now = Date.UTC(2030, 0, 15);
  const store = new MemoryObjectStore({ clock: { now: () => now, sleep: async () => {} } });
  await store.createBucket('logs');
  const rules = [{ id: 'all', enabled: true, filter: { tags: [] }, expiration: { days: 1 } }];
  await store.updateBucket('logs', { documents: { lifecycle: JSON.stringify(rules) } });
  await store.put({ bucket: 'logs', key: 'a', body: Buffer.from('bytes'), metadata });
  const jumps = [0, 0, 30 * DAY, -30 * DAY, 30 * DAY]; // somebody sets it right, in time
  const left: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const sleep = async (ms: number) => {
    left.push((await store.list({ bucket: 'logs', limit: 10 })).objects.length);
    if (left.length === 5) resolve();
    now += ms + (jumps[left.length] ?? 0);
  };
  const worker = new LifecycleWorker({ store, log, intervalMs: 3600_000, clock: { now: () => now, sleep } });
  await done;
  expect(left).toEqual([1, 1, 1, 1, 1]);
  await worker.close();
});

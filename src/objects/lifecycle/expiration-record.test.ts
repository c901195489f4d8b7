import { expect, test } from 'vitest';
import { readAccessLogs } from '../../../tests/support/access-log.ts';
import { TestClock } from '../../../tests/support/test-clock.ts';
import { createLogger } from '../../core/log.ts';
import { waitUntil } from '../../core/retry.ts';
import { AccessLog } from '../access-log/access-log.ts';
import { MemoryObjectStore } from '../memory-store/memory-object-store.ts';
import { LifecycleWorker } from './lifecycle-worker.ts';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const log = createLogger('objects', 'silent');
const metadata = { contentType: '', headers: {}, user: {} };

test('the access log of a bucket tells of each thing that a rule took away', async () => {
  const clock = new TestClock();
  const store = new MemoryObjectStore({ clock });
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

  const accessLog = new AccessLog({ store, log, region: 'local', clock });
  const worker = new LifecycleWorker({ store, log, intervalMs: HOUR, clock, accessLog });
  const left = async () => (await store.listVersions({ bucket: 'site', limit: 10 })).versions;
  const sweepUntil = async (is: (left: readonly { deleteMarker: boolean }[]) => boolean) => {
    clock.advance(2 * DAY);
    await waitUntil(async () => is(await left()), { timeoutMs: 5000, what: 'a sweep' });
  };
  await sweepUntil((versions) => versions.length === 2);
  const markerId = (await left())[0]?.versionId;
  await sweepUntil(([first, ...more]) => first?.deleteMarker === true && more.length === 0);
  await sweepUntil((versions) => versions.length === 0);
  await worker.close();
  await accessLog.close();

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

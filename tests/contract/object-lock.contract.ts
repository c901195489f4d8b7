import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import type { ObjectMetadata } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';

const DAY = 24 * 3600_000;
const START = Date.UTC(2030, 0, 1);
const failure = (code: string) => expect.objectContaining({ code });

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function metadata(headers: Record<string, string> = {}): ObjectMetadata {
  return { contentType: 'text/plain', headers, user: {} };
}

const lock = (mode: string, days: number) => ({
  'x-amz-object-lock-mode': mode,
  'x-amz-object-lock-retain-until-date': new Date(START + days * DAY).toISOString(),
});
const hold = (value: 'ON' | 'OFF') => ({ 'x-amz-object-lock-legal-hold': value });

/** What `ObjectStore` says about object lock. */
export function describeObjectLock(
  name: string,
  open: (options: { readonly clock: Clock }) => Promise<{
    readonly store: ObjectStore;
    readonly dispose: () => Promise<void>;
  }>,
): void {
  describe(`object lock ${name}`, () => {
    let now = START;
    let store: ObjectStore;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      now = START;
      ({ store, dispose } = await open({ clock: { now: () => now, sleep: async () => {} } }));
      await store.createBucket('safe', { objectLock: {} });
    });
    afterEach(() => dispose());

    const put = (headers?: Record<string, string>, bucket = 'safe', key = 'a') =>
      store.put({ bucket, key, body: bytesOf('bytes'), metadata: metadata(headers) });
    const remove = (versionId: string, options: { bypassGovernance?: boolean } = {}) =>
      store.remove('safe', 'a', { versionId, ...options });
    const change = (versionId: string, headers: Record<string, string | undefined>, bypassGovernance = false) =>
      store.updateMetadata('safe', 'a', { versionId, headers, bypassGovernance });
    const locked = failure('object.locked');

    it('brings versioning, and neither can be turned off', async () => {
      expect(store.bucket('safe')).toMatchObject({ versioning: 'enabled', objectLock: {} });
      for (const versioning of ['suspended', 'disabled'] as const) {
        await expect(store.updateBucket('safe', { versioning })).rejects.toThrow(failure('bucket.lock-stays'));
      }
      await store.createBucket('late');
      await expect(store.updateBucket('late', { objectLock: {} })).rejects.toThrow(failure('bucket.lock-versioning'));
      await expect(store.createBucket('never', { objectLock: {}, versioning: 'suspended' })).rejects.toThrow(
        failure('bucket.lock-versioning'),
      );
      await store.updateBucket('late', { versioning: 'enabled', objectLock: {} });
      await store.updateBucket('late', { accessibility: 'public' });
      expect(store.bucket('late')).toMatchObject({ objectLock: {}, accessibility: 'public' });
    });

    it('is refused where the bucket has none', async () => {
      await store.createBucket('plain', { versioning: 'enabled' });
      const unavailable = failure('object.lock-unavailable');
      await expect(put(lock('GOVERNANCE', 1), 'plain')).rejects.toThrow(unavailable);
      await expect(put(hold('OFF'), 'plain')).rejects.toThrow(unavailable);
      await expect(store.createUpload('plain', 'a', metadata(hold('ON')))).rejects.toThrow(unavailable);
      await put({}, 'plain');
      await expect(store.updateMetadata('plain', 'a', { headers: hold('ON') })).rejects.toThrow(unavailable);
      expect((await store.listVersions({ bucket: 'plain', limit: 9 })).versions).toHaveLength(1);
    });

    it('keeps a version until the time has come, from the mode on that says so', async () => {
      const { versionId: governed } = await put(lock('GOVERNANCE', 1));
      const { versionId: complied } = await put(lock('COMPLIANCE', 1));
      await expect(remove(governed)).rejects.toThrow(locked);
      await expect(remove(complied)).rejects.toThrow(locked);
      await expect(remove(complied, { bypassGovernance: true })).rejects.toThrow(locked);
      await remove(governed, { bypassGovernance: true });
      now = START + DAY - 1;
      await expect(remove(complied)).rejects.toThrow(locked);
      now = START + DAY;
      await remove(complied);
      expect((await store.listVersions({ bucket: 'safe', limit: 9 })).versions).toEqual([]);
    });

    it('keeps a version that is held, whatever its retention', async () => {
      const { versionId } = await put({ ...lock('GOVERNANCE', 1), ...hold('ON') });
      now = START + 2 * DAY;
      await expect(remove(versionId, { bypassGovernance: true })).rejects.toThrow(locked);
      await change(versionId, hold('OFF'));
      await remove(versionId);
    });

    it('lets versions be hidden and new ones be made', async () => {
      const { versionId } = await put(lock('COMPLIANCE', 1));
      await put();
      const marker = await store.remove('safe', 'a');
      expect(marker.deleteMarker).toBe(true);
      expect((await store.head('safe', 'a', { versionId })).size).toBe(5);
      await remove(marker.versionId ?? '');
      expect((await store.listVersions({ bucket: 'safe', limit: 9 })).versions).toHaveLength(2);
    });

    it('is made longer; shorter only where governance may be bypassed', async () => {
      const { versionId } = await put(lock('GOVERNANCE', 2));
      await expect(change(versionId, lock('GOVERNANCE', 1))).rejects.toThrow(locked);
      await expect(change(versionId, lock('COMPLIANCE', 2))).rejects.toThrow(locked);
      const none = { 'x-amz-object-lock-mode': undefined, 'x-amz-object-lock-retain-until-date': undefined };
      await expect(change(versionId, none)).rejects.toThrow(locked);
      await change(versionId, lock('GOVERNANCE', 3));
      await change(versionId, lock('GOVERNANCE', 1), true);
      await change(versionId, none, true);
      await change(versionId, lock('COMPLIANCE', 2), true);
      for (const weaker of [lock('COMPLIANCE', 1), lock('GOVERNANCE', 3), none]) {
        await expect(change(versionId, weaker, true)).rejects.toThrow(locked);
      }
      await change(versionId, { tag: 'x' });
      await change(versionId, lock('COMPLIANCE', 3));
      expect((await store.head('safe', 'a')).metadata.headers).toEqual({ tag: 'x', ...lock('COMPLIANCE', 3) });
      now = START + 3 * DAY;
      await change(versionId, none);
      await remove(versionId);
    });

    it('is given to every new version by the default of the bucket', async () => {
      const retain = (mode: 'GOVERNANCE' | 'COMPLIANCE', period: number, unit: 'days' | 'years') =>
        store.updateBucket('safe', { objectLock: { defaultRetention: { mode, period, unit } } });
      const { uploadId } = await store.createUpload('safe', 'a', metadata());
      await store.putPart({ bucket: 'safe', key: 'a', uploadId, partNumber: 1, body: bytesOf('part') });
      await retain('GOVERNANCE', 1, 'days');
      expect((await put()).metadata.headers).toEqual(lock('GOVERNANCE', 1));
      expect((await put(lock('COMPLIANCE', 5))).metadata.headers).toEqual(lock('COMPLIANCE', 5));
      expect((await put(hold('ON'))).metadata.headers).toEqual({ ...lock('GOVERNANCE', 1), ...hold('ON') });
      const parts = await store.listParts({ bucket: 'safe', key: 'a', uploadId });
      const completed = await store.completeUpload({ bucket: 'safe', key: 'a', uploadId, parts });
      expect(completed.metadata.headers).toEqual(lock('GOVERNANCE', 1));
      await retain('COMPLIANCE', 2, 'years');
      expect((await put()).metadata.headers['x-amz-object-lock-retain-until-date']).toBe('2032-01-01T00:00:00.000Z');
      const marker = await store.remove('safe', 'a');
      await remove(marker.versionId ?? '');
      await store.updateBucket('safe', { objectLock: {} });
      expect((await put()).metadata.headers).toEqual({});
    });

    it('is no part of what a copy takes along', async () => {
      await put({ ...lock('COMPLIANCE', 1), ...hold('ON'), tag: 'x' });
      const copy = await store.copy({ source: { bucket: 'safe', key: 'a' }, target: { bucket: 'safe', key: 'b' } });
      expect(copy.metadata.headers).toEqual({ tag: 'x' });
    });

    it('keeps the bucket of a locked version', async () => {
      const { versionId } = await put(lock('GOVERNANCE', 1));
      await store.remove('safe', 'a');
      await expect(store.deleteBucket('safe')).rejects.toThrow(failure('bucket.not-empty'));
      await expect(store.deleteBucket('safe', { force: true })).rejects.toThrow(failure('bucket.locked'));
      expect((await store.head('safe', 'a', { versionId })).size).toBe(5);
      now = START + DAY;
      await store.deleteBucket('safe', { force: true });
    });

    it('wins or loses against the removal of its bucket, but never both', async () => {
      for (let ticks = 0; ticks < 16; ticks++) {
        const bucket = `safe-${ticks}`;
        await store.createBucket(bucket, { objectLock: {} });
        const locking = put(hold('ON'), bucket);
        for (let tick = 0; tick < ticks; tick++) await setImmediate();
        const [wasLocked, wasRemoved] = await Promise.allSettled([
          locking,
          store.deleteBucket(bucket, { force: true }),
        ]);
        const isThere = store.bucket(bucket) !== undefined;
        expect(wasRemoved.status, `${ticks} ticks`).toBe(isThere ? 'rejected' : 'fulfilled');
        expect(wasLocked.status, `${ticks} ticks`).toBe(isThere ? 'fulfilled' : 'rejected');
      }
    });

    it('wins or loses against a removal, but never both', async () => {
      for (let i = 0; i < 10; i++) {
        const { versionId } = await put();
        const [removal, locking] = await Promise.allSettled(
          i % 2 === 0
            ? [remove(versionId), change(versionId, lock('COMPLIANCE', 1))]
            : [change(versionId, lock('COMPLIANCE', 1)), remove(versionId)].reverse(),
        );
        const there = (await store.findVersion('safe', 'a', { versionId })) !== undefined;
        expect([removal?.status, locking?.status]).toEqual(
          there ? ['rejected', 'fulfilled'] : ['fulfilled', 'rejected'],
        );
      }
    });
  });
}

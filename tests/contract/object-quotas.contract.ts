import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const failure = (code: string) => expect.objectContaining({ code });
const exceeded = failure('bucket.quota-exceeded');

async function* bytes(size: number): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(size);
}

/** What `ObjectStore` says about quotas. */
export function describeObjectQuotas(
  name: string,
  open: () => Promise<{ readonly store: ObjectStore; readonly minPartBytes: number; dispose(): Promise<void> }>,
): void {
  describe(`quotas ${name}`, () => {
    let test: Awaited<ReturnType<typeof open>>;
    let store: ObjectStore;

    beforeEach(async () => {
      test = await open();
      store = test.store;
      await store.createBucket('photos', { quota: { bytes: 100, objects: 3 } });
    });
    afterEach(() => test.dispose());

    const put = (key: string, size: number, more: object = {}) =>
      store.put({ bucket: 'photos', key, body: bytes(size), metadata, ...more });
    const usage = async () => {
      const { objects, bytes } = await store.usage('photos');
      return { objects, bytes };
    };

    it('are settings, which can be taken away', async () => {
      expect(store.bucket('photos')).toMatchObject({ quota: { bytes: 100, objects: 3 } });
      await store.updateBucket('photos', { accessibility: 'public' });
      expect(store.bucket('photos')).toMatchObject({ quota: { bytes: 100, objects: 3 } });
      for (const limit of [-1, 0.5, Number.NaN]) {
        await expect(store.updateBucket('photos', { quota: { bytes: limit } })).rejects.toThrow(
          failure('bucket.quota'),
        );
      }
      await store.updateBucket('photos', { quota: {} });
      expect(store.bucket('photos')).not.toHaveProperty('quota');
      await put('a', 1000);
    });

    it('let come in what fits, to the last byte and object', async () => {
      await put('a', 40);
      await put('b', 60);
      await expect(put('c', 1)).rejects.toThrow(exceeded);
      await expect(put('c', 1, { size: 1 })).rejects.toThrow(exceeded);
      await put('c', 0);
      await expect(put('d', 0)).rejects.toThrow(exceeded);
      expect(await usage()).toEqual({ objects: 3, bytes: 100 });
    });

    it('count the difference where an object is replaced, and every version', async () => {
      await put('a', 90);
      await put('a', 100);
      await expect(put('a', 101)).rejects.toThrow(exceeded);
      await put('a', 50);
      await store.updateBucket('photos', { versioning: 'enabled' });
      await put('a', 50);
      await expect(put('a', 1)).rejects.toThrow(exceeded);
      expect(await usage()).toEqual({ objects: 2, bytes: 100 });
    });

    it('hold nothing up that makes room', async () => {
      await put('a', 50);
      await put('b', 50);
      await store.updateBucket('photos', { quota: { bytes: 20, objects: 1 } });
      await put('a', 30);
      await expect(put('a', 31)).rejects.toThrow(exceeded);
      expect((await store.head('photos', 'b')).size).toBe(50);
      await store.remove('photos', 'b');
      await expect(put('b', 1)).rejects.toThrow(exceeded);
      await store.remove('photos', 'a');
      await put('b', 20);
    });

    it('are exact when many write at once', async () => {
      await store.updateBucket('photos', { quota: { bytes: 100 } });
      const racing = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => put(`key-${i}`, 9)));
      expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(11);
      expect(await usage()).toEqual({ objects: 11, bytes: 99 });
      await store.updateBucket('photos', { quota: { objects: 15 } });
      await Promise.allSettled(Array.from({ length: 30 }, (_, i) => put(`more-${i}`, 0)));
      expect(await usage()).toEqual({ objects: 15, bytes: 99 });
    });

    it('hold for copies and for uploads, part by part', async () => {
      const { minPartBytes: part } = test;
      await store.updateBucket('photos', { quota: { bytes: 3 * part } });
      await put('a', part);
      await store.copy({ source: { bucket: 'photos', key: 'a' }, target: { bucket: 'photos', key: 'b' } });
      const { uploadId } = await store.createUpload('photos', 'c', metadata);
      const upload = { bucket: 'photos', key: 'c', uploadId };
      const putPart = (partNumber: number, size: number) =>
        store.putPart({ ...upload, partNumber, body: bytes(size), size });
      await putPart(1, part - 1);
      const parts = [await putPart(1, part)];
      await expect(putPart(2, 1)).rejects.toThrow(exceeded);
      await put('a', part + 1);
      await expect(store.completeUpload({ ...upload, parts })).rejects.toThrow(exceeded);
      await store.remove('photos', 'b');
      await store.completeUpload({ ...upload, parts });
      const copy = { source: { bucket: 'photos', key: 'a' }, target: { bucket: 'photos', key: 'b' } };
      await expect(store.copy(copy)).rejects.toThrow(exceeded);
    });

    it('of a fork count what it shows', async () => {
      await put('a', 60);
      await store.createBucket('fork', { from: { bucket: 'photos' }, quota: { bytes: 80 } });
      const putInFork = (key: string, size: number) => store.put({ bucket: 'fork', key, body: bytes(size), metadata });
      await expect(putInFork('b', 21)).rejects.toThrow(exceeded);
      await putInFork('a', 80);
      await store.remove('fork', 'a');
      await putInFork('b', 80);
    });
  });
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectInfo } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { bytesOf, failure, type ObjectStoreUnderTest, plain } from './object-contract-tools.ts';

/** What `ObjectStore` says about buckets. */
export function describeBuckets(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(`buckets ${name}`, () => {
    let test: ObjectStoreUnderTest;
    let store: ObjectStore;

    const put = (key: string, content: string | Uint8Array, more: object = {}): Promise<ObjectInfo> =>
      store.put({ bucket: 'photos', key, body: bytesOf(content), metadata: plain, ...more });

    beforeEach(async () => {
      test = await make();
      store = test.store;
      await store.createBucket('photos');
    });

    afterEach(() => test.dispose());

    it('are made with settings and listed by name', async () => {
      const made = await store.createBucket('albums', { accessibility: 'public' });
      expect(made).toMatchObject({ name: 'albums', accessibility: 'public', versioning: 'disabled' });
      expect(store.buckets().map((bucket) => bucket.name)).toEqual(['albums', 'photos']);
      expect(store.bucket('albums')).toEqual(made);
      expect(store.bucket('missing')).toBeUndefined();
    });

    it('are made with what is kept beside them, whole or not at all', async () => {
      const documents = { acl: 'public-read', ownership: 'ObjectWriter' };
      expect(await store.createBucket('albums', { documents })).toMatchObject({ documents });
      expect(store.bucket('albums')).toMatchObject({ documents });
      const large = { policy: 'x'.repeat(256 * 1024) };
      await expect(store.createBucket('large', { documents: large })).rejects.toThrow(failure('bucket.documents-size'));
      expect(store.bucket('large')).toBeUndefined();
    });

    it('are made once', async () => {
      await expect(store.createBucket('photos')).rejects.toThrow(failure('bucket.exists'));
      const racing = await Promise.allSettled([1, 2, 3, 4].map(() => store.createBucket('raced')));
      expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it.each(['ab', 'Photos', 'a_b', '-ab', 'ab-', 'a..b', 'a.-b', 'a-.b', '10.0.0.1', 'a'.repeat(64)])(
      'refuse the name %s',
      async (bad) => {
        await expect(store.createBucket(bad)).rejects.toThrow(failure('bucket.name'));
      },
    );

    it('change their settings', async () => {
      await store.updateBucket('photos', { accessibility: 'public' });
      expect(store.bucket('photos')).toMatchObject({ accessibility: 'public', versioning: 'disabled' });
      await expect(store.updateBucket('missing', {})).rejects.toThrow(failure('bucket.not-found'));
    });

    it('keep documents, each until it is taken away', async () => {
      await store.updateBucket('photos', { documents: { policy: '{"ü": "\\n"}', cors: '[]' } });
      await store.updateBucket('photos', { accessibility: 'public' });
      await store.updateBucket('photos', { documents: { cors: undefined } });
      expect(store.bucket('photos')).toMatchObject({ accessibility: 'public' });
      expect(store.bucket('photos')?.documents).toEqual({ policy: '{"ü": "\\n"}' });
      const large = { documents: { lifecycle: 'x'.repeat(256 * 1024) } };
      await expect(store.updateBucket('photos', large)).rejects.toThrow(failure('bucket.documents-size'));
      expect(store.bucket('photos')?.documents).toEqual({ policy: '{"ü": "\\n"}' });
      await Promise.all(['a', 'b', 'c'].map((name) => store.updateBucket('photos', { documents: { [name]: name } })));
      expect(store.bucket('photos')?.documents).toMatchObject({ a: 'a', b: 'b', c: 'c' });
    });

    it('are deleted when empty, or with all that is in them', async () => {
      await put('a', 'one');
      await expect(store.deleteBucket('photos')).rejects.toThrow(failure('bucket.not-empty'));
      await store.deleteBucket('photos', { force: true });
      expect(store.bucket('photos')).toBeUndefined();
      await expect(store.head('photos', 'a')).rejects.toThrow(failure('bucket.not-found'));
      await store.createBucket('photos');
      expect((await store.list({ bucket: 'photos', limit: 10 })).objects.map(({ key }) => key)).toEqual([]);
      expect(await store.usage('photos')).toEqual({ objects: 0, bytes: 0 });
      await store.deleteBucket('photos');
      await expect(store.deleteBucket('photos')).rejects.toThrow(failure('bucket.not-found'));
    });
  });
}

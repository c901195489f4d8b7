import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { ReadRef } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import type { Moment } from '../../src/objects/store/snapshot.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const failure = (code: string) => expect.objectContaining({ code });

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What `ObjectStore` says about snapshots, forks and reading as of a time. */
export function describeObjectSnapshots(
  name: string,
  open: (options: {
    readonly clock: Clock;
  }) => Promise<{ readonly store: ObjectStore; readonly dispose: () => Promise<void> }>,
): void {
  describe(`snapshots and forks ${name}`, () => {
    let now: number;
    let store: ObjectStore;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      now = Date.UTC(2026, 0, 1);
      ({ store, dispose } = await open({ clock: { ...systemClock, now: () => now } }));
      await store.createBucket('photos');
    });
    afterEach(() => dispose());

    /** What follows is later. */
    const put = async (key: string, text: string, bucket = 'photos') => {
      now += 1000;
      return store.put({ bucket, key, body: bytesOf(text), metadata });
    };
    const remove = async (key: string, options?: { versionId?: string }, bucket = 'photos') => {
      now += 1000;
      return store.remove(bucket, key, options);
    };
    const fork = (from: { bucket: string; snapshot?: string } = { bucket: 'photos' }, name = 'fork') =>
      store.createBucket(name, { from });

    async function read(key: string, ref?: ReadRef, bucket = 'photos'): Promise<string> {
      const object = await store.open(bucket, key, ref);
      const found = await Array.fromAsync(object.body());
      object.release();
      return Buffer.concat(found).toString();
    }

    /** `key: text` of what is current. */
    async function contents(bucket = 'photos', moment: Moment = {}): Promise<string[]> {
      const { objects } = await store.list({ bucket, ...moment, limit: 1000 });
      return Promise.all(objects.map(async ({ key }) => `${key}: ${await read(key, moment, bucket)}`));
    }

    async function versions(bucket = 'photos', moment: Moment = {}): Promise<string[]> {
      const page = await store.listVersions({ bucket, ...moment, limit: 1000 });
      return page.versions.map(({ key, versionId, isLatest, deleteMarker }) =>
        [key, deleteMarker ? 'marker' : versionId === 'null' ? 'null' : 'version', isLatest ? 'latest' : 'old'].join(
          ' ',
        ),
      );
    }

    describe('snapshots', () => {
      it('show what the bucket held', async () => {
        await put('a', 'one');
        await put('b', 'two');
        await put('c', 'three');
        const { id } = await store.createSnapshot('photos');
        await put('a', 'changed');
        await remove('b');
        await put('d', 'new');
        expect(await contents('photos', { snapshot: id })).toEqual(['a: one', 'b: two', 'c: three']);
        expect(await contents()).toEqual(['a: changed', 'c: three', 'd: new']);
        await expect(store.head('photos', 'd', { snapshot: id })).rejects.toThrow(failure('object.not-found'));
        expect(await store.findVersion('photos', 'b', { snapshot: id })).toMatchObject({ key: 'b', isLatest: true });
      });

      it('are told with what they hold, from old to new', async () => {
        const empty = await store.createSnapshot('photos');
        await put('a', '12345');
        const named = await store.createSnapshot('photos', { name: 'with-a' });
        await put('a', '1');
        expect(empty).toEqual({ id: empty.id, createdAt: Date.UTC(2026, 0, 1), objects: 0, bytes: 0 });
        expect(named).toEqual({ id: named.id, name: 'with-a', createdAt: now - 1000, objects: 1, bytes: 5 });
        expect(await store.snapshots('photos')).toEqual([empty, named]);
        expect(await contents('photos', { snapshot: 'with-a' })).toEqual(['a: 12345']);
      });

      it('have names of their own', async () => {
        const { id } = await store.createSnapshot('photos', { name: 'first' });
        for (const name of ['first', id]) {
          await expect(store.createSnapshot('photos', { name })).rejects.toThrow(failure('snapshot.exists'));
        }
        for (const name of ['', '.a', 'a/b', 'a b', 'a'.repeat(65)]) {
          await expect(store.createSnapshot('photos', { name })).rejects.toThrow(failure('snapshot.name'));
        }
        const racing = [1, 2, 3].map(() => store.createSnapshot('photos', { name: 'raced' }));
        const results = await Promise.allSettled(racing);
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        await expect(store.createSnapshot('missing')).rejects.toThrow(failure('bucket.not-found'));
      });

      it('are gone when they are deleted', async () => {
        await put('a', 'one');
        await store.createSnapshot('photos', { name: 'old' });
        await put('a', 'two');
        const { id } = await store.createSnapshot('photos');
        await put('a', 'three');
        await store.deleteSnapshot('photos', 'old');
        await expect(store.head('photos', 'a', { snapshot: 'old' })).rejects.toThrow(failure('snapshot.not-found'));
        await expect(store.deleteSnapshot('photos', 'old')).rejects.toThrow(failure('snapshot.not-found'));
        expect(await read('a', { snapshot: id })).toBe('two');
        await store.deleteSnapshot('photos', id);
        expect(await store.snapshots('photos')).toEqual([]);
        expect(await contents()).toEqual(['a: three']);
      });

      it('show versions and delete markers as they were', async () => {
        await put('a', 'null');
        await store.updateBucket('photos', { versioning: 'enabled' });
        const { versionId } = await put('a', 'second');
        await remove('a');
        const { id } = await store.createSnapshot('photos');
        await remove('a', { versionId });
        await store.updateBucket('photos', { versioning: 'suspended' });
        await remove('a');
        expect(await versions()).toEqual(['a marker latest', 'a marker old']);
        expect(await versions('photos', { snapshot: id })).toEqual(['a marker latest', 'a version old', 'a null old']);
        expect(await read('a', { snapshot: id, versionId })).toBe('second');
        expect(await read('a', { snapshot: id, versionId: 'null' })).toBe('null');
        await expect(store.head('photos', 'a', { snapshot: id })).rejects.toThrow(failure('object.not-found'));
        await expect(read('a', { versionId })).rejects.toThrow(failure('version.not-found'));
      });

      it('are listed by pages and by a delimiter', async () => {
        for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) await put(key, key);
        const { id: snapshot } = await store.createSnapshot('photos');
        for (const key of ['a/1', 'a/2', 'b']) await remove(key);
        for (const key of ['a/3', 'bb', 'e/1']) await put(key, key);
        const found: string[] = [];
        for (let after: string | undefined, more = true; more; more = after !== undefined) {
          const page = await store.list({ bucket: 'photos', snapshot, delimiter: '/', after, limit: 1 });
          found.push(...page.commonPrefixes, ...page.objects.map(({ key }) => key));
          after = page.next;
        }
        expect(found).toEqual(['a/', 'b', 'c/', 'd']);
        const below = await store.list({ bucket: 'photos', snapshot, prefix: 'a/', limit: 10 });
        expect(below.objects.map(({ key }) => key)).toEqual(['a/1', 'a/2']);
      });

      it('are sources of copies: to restore an object', async () => {
        await put('a', 'before');
        const { id: snapshot } = await store.createSnapshot('photos');
        await put('a', 'after');
        const source = { bucket: 'photos', key: 'a', snapshot };
        await store.copy({ source, target: { bucket: 'photos', key: 'a' } });
        expect(await read('a')).toBe('before');
      });

      it('see every write that was answered before, and none that was begun after', async () => {
        const keys = Array.from({ length: 20 }, (_, i) => `key-${String(i).padStart(2, '0')}`);
        await Promise.all(keys.map((key) => put(key, 'before')));
        const taking = store.createSnapshot('photos');
        const later = Promise.all(keys.map((key) => put(key, 'after')));
        const { id: snapshot } = await taking;
        await later;
        expect(await contents('photos', { snapshot })).toEqual(keys.map((key) => `${key}: before`));
      });

      it('keep a bucket from being deleted, unless that is forced', async () => {
        await store.createSnapshot('photos');
        await expect(store.deleteBucket('photos')).rejects.toThrow(failure('bucket.has-snapshots'));
        await store.deleteBucket('photos', { force: true });
        await store.createBucket('photos');
        expect(await store.snapshots('photos')).toEqual([]);
      });

      it('do not change the usage', async () => {
        await put('a', '12345');
        await store.createSnapshot('photos');
        await put('a', '1');
        expect(await store.usage('photos')).toMatchObject({ objects: 1, bytes: 1 });
      });
    });

    describe('times', () => {
      it('are exact in a versioned bucket', async () => {
        await store.updateBucket('photos', { versioning: 'enabled' });
        const first = await put('a', 'one');
        await put('b', 'two');
        await put('a', 'three');
        await remove('b');
        const at = (seconds: number) => ({ at: first.lastModified + seconds * 1000 });
        expect(await contents('photos', at(-1))).toEqual([]);
        expect(await contents('photos', at(0))).toEqual(['a: one']);
        expect(await contents('photos', at(1.5))).toEqual(['a: one', 'b: two']);
        expect(await contents('photos', at(2))).toEqual(['a: three', 'b: two']);
        expect(await contents('photos', at(3))).toEqual(['a: three']);
        expect(await contents('photos', at(1e9))).toEqual(['a: three']);
        expect(await versions('photos', at(2))).toEqual(['a version latest', 'a version old', 'b version latest']);
      });

      it('show what a later snapshot still has', async () => {
        const { lastModified: at } = await put('a', 'one');
        await put('b', 'two');
        await put('a', 'three');
        now += 1000;
        await store.createSnapshot('photos');
        await put('b', 'four');
        expect(await contents('photos', { at })).toEqual([]);
        expect(await contents('photos', { at: at + 1000 })).toEqual(['b: two']);
        expect(await contents('photos', { at: at + 2000 })).toEqual(['a: three', 'b: two']);
      });

      it('are refused on the next page where the snapshot by which the first was made is gone', async () => {
        for (const key of ['a', 'b', 'c']) await put(key, key);
        const at = now;
        now += 1000;
        const { id: needed } = await store.createSnapshot('photos');
        for (const key of ['a', 'b', 'c']) await store.remove('photos', key);
        now += 1000;
        await store.createSnapshot('photos', { name: 'later' });
        const request = { bucket: 'photos', at, limit: 1 };
        const { next, pins, objects } = await store.list(request);
        expect(objects).toMatchObject([{ key: 'a' }]);
        now += 1000;
        await store.createSnapshot('photos', { name: 'another' });
        await store.deleteSnapshot('photos', 'later');
        expect((await store.list({ ...request, after: next, pins })).objects).toMatchObject([{ key: 'b' }]);
        await store.deleteSnapshot('photos', needed);
        await expect(store.list({ ...request, after: next, pins })).rejects.toThrow(failure('snapshot.gone'));
        expect(await store.list(request)).toEqual({ objects: [], commonPrefixes: [] });
      });

      it('go on where a snapshot is made meanwhile', async () => {
        for (const key of ['a', 'b']) await put(key, key);
        const request = { bucket: 'photos', at: now, limit: 1 };
        const { next, pins } = await store.list(request);
        now += 1000;
        await store.createSnapshot('photos');
        expect((await store.list({ ...request, after: next, pins })).objects).toMatchObject([{ key: 'b' }]);
        const present = { bucket: 'photos', limit: 1 };
        expect(await store.list(present)).not.toHaveProperty('pins');
      });

      it('do not go with a snapshot', async () => {
        const { id: snapshot } = await store.createSnapshot('photos');
        const both = store.list({ bucket: 'photos', snapshot, at: now, limit: 1 });
        await expect(both).rejects.toThrow(failure('snapshot.moment'));
      });
    });

    describe('forks', () => {
      it('begin with what the bucket holds, and go their own way', async () => {
        await put('a', 'one');
        await put('b', 'two');
        await put('c', 'three');
        const made = await fork();
        expect(made).toMatchObject({ name: 'fork', accessibility: 'private', forkOf: { bucket: 'photos' } });
        expect(store.bucket('fork')).toEqual(made);
        await put('a', 'of the fork', 'fork');
        await remove('b', {}, 'fork');
        await put('d', 'new', 'fork');
        await put('c', 'of the bucket');
        await remove('a');
        expect(await contents('fork')).toEqual(['a: of the fork', 'c: three', 'd: new']);
        expect(await contents()).toEqual(['b: two', 'c: of the bucket']);
        await put('b', 'again', 'fork');
        expect(await contents('fork')).toEqual(['a: of the fork', 'b: again', 'c: three', 'd: new']);
      });

      it('count what they show', async () => {
        await put('a', '1');
        await put('b', '12');
        await put('c', '123');
        await fork();
        expect(await store.usage('fork')).toMatchObject({ objects: 3, bytes: 6 });
        await put('a', '12345', 'fork');
        expect(await store.usage('fork')).toMatchObject({ objects: 3, bytes: 10 });
        await remove('a', {}, 'fork');
        await remove('a', {}, 'fork');
        await remove('b', {}, 'fork');
        await remove('c');
        expect(await store.usage('fork')).toMatchObject({ objects: 1, bytes: 3 });
        expect(await store.usage('photos')).toMatchObject({ objects: 2, bytes: 3 });
      });

      it('are made of snapshots, too, and outlive them', async () => {
        await put('a', 'one');
        const { id } = await store.createSnapshot('photos', { name: 'first' });
        await put('a', 'two');
        const made = await fork({ bucket: 'photos', snapshot: 'first' });
        expect(made.forkOf).toEqual({ bucket: 'photos', snapshot: id });
        await store.deleteSnapshot('photos', 'first');
        await put('a', 'three');
        expect(await contents('fork')).toEqual(['a: one']);
        await expect(fork({ bucket: 'photos', snapshot: 'first' }, 'other')).rejects.toThrow(
          failure('snapshot.not-found'),
        );
        await expect(fork({ bucket: 'missing' }, 'other')).rejects.toThrow(failure('bucket.not-found'));
      });

      it('have forks and snapshots of their own', async () => {
        await put('a', 'one');
        await put('b', 'one');
        await fork();
        await remove('a', {}, 'fork');
        const { id: snapshot } = await store.createSnapshot('fork');
        await put('a', 'two', 'fork');
        await fork({ bucket: 'fork', snapshot }, 'grandchild');
        await put('c', 'three', 'grandchild');
        await remove('b', {}, 'fork');
        expect(await contents('grandchild')).toEqual(['b: one', 'c: three']);
        expect(await contents('fork', { snapshot })).toEqual(['b: one']);
        expect(await contents('fork')).toEqual(['a: two']);
      });

      it('show and remove versions of what they are made from', async () => {
        await put('a', 'null');
        await store.updateBucket('photos', { versioning: 'enabled' });
        const { versionId } = await put('a', 'second');
        expect(await fork()).toMatchObject({ versioning: 'enabled' });
        expect(await store.remove('fork', 'a', { versionId: 'null' })).toEqual({
          versionId: 'null',
          deleteMarker: false,
        });
        await remove('a', {}, 'fork');
        expect(await versions('fork')).toEqual(['a marker latest', 'a version old']);
        expect(await versions()).toEqual(['a version latest', 'a null old']);
        const marker = await store.findVersion('fork', 'a');
        await remove('a', { versionId: marker?.versionId ?? '' }, 'fork');
        expect(await read('a', {}, 'fork')).toBe('second');
        await remove('a', { versionId }, 'fork');
        expect(await versions('fork')).toEqual([]);
        await expect(store.head('fork', 'a')).rejects.toThrow(failure('object.not-found'));
        await expect(fork({ bucket: 'photos' }, 'fork')).rejects.toThrow(failure('bucket.exists'));
        const disabled = store.createBucket('other', { from: { bucket: 'photos' }, versioning: 'disabled' });
        await expect(disabled).rejects.toThrow(failure('bucket.versioning-stays'));
      });

      it('replace the null version that they show', async () => {
        await put('a', 'old');
        await fork();
        await store.updateBucket('fork', { versioning: 'suspended' });
        await remove('a', {}, 'fork');
        expect(await versions('fork')).toEqual(['a marker latest']);
        await remove('a', { versionId: 'null' }, 'fork');
        expect(await versions('fork')).toEqual([]);
        expect(await store.usage('fork')).toMatchObject({ objects: 0, bytes: 0 });
        expect(await versions()).toEqual(['a null latest']);
      });

      it('decide conditions by what they show', async () => {
        const { etag } = await put('a', 'one');
        await fork();
        const change = (conditions: object) =>
          store.put({ bucket: 'fork', key: 'a', body: bytesOf('two'), metadata, conditions });
        await expect(change({ ifNoneMatch: '*' })).rejects.toThrow(failure('object.precondition'));
        const results = await Promise.allSettled([1, 2, 3].map(() => change({ ifMatch: etag })));
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      it('change headers of what they show for themselves', async () => {
        await put('a', 'one');
        await fork();
        await store.updateMetadata('fork', 'a', { headers: { tag: 'fork' } });
        expect((await store.head('photos', 'a')).metadata.headers).toEqual({});
        await store.updateMetadata('photos', 'a', { headers: { tag: 'bucket' } });
        expect((await store.head('fork', 'a')).metadata.headers).toEqual({ tag: 'fork' });
        expect(await contents('fork')).toEqual(['a: one']);
        expect(await store.usage('fork')).toMatchObject({ objects: 1, bytes: 3 });
        await remove('a', {}, 'fork');
        expect(await contents('fork')).toEqual([]);
        expect(await store.usage('fork')).toMatchObject({ objects: 0, bytes: 0 });
      });

      it('keep the bucket, and are empty when they hold nothing of their own', async () => {
        await put('a', 'one');
        await fork();
        await expect(store.deleteBucket('photos', { force: true })).rejects.toThrow(failure('bucket.has-forks'));
        await put('b', 'own', 'fork');
        await expect(store.deleteBucket('fork')).rejects.toThrow(failure('bucket.not-empty'));
        await remove('b', {}, 'fork');
        await store.deleteBucket('fork');
        expect(await contents()).toEqual(['a: one']);
        await store.deleteBucket('photos', { force: true });
      });
    });
  });
}

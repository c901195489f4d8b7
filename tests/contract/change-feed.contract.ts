import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../src/objects/store/change-feed.ts';
import type { OpenObjectStore } from '../../src/objects/store/object-store.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What `ChangeFeed` promises. */
export function describeChangeFeed(
  name: string,
  open: () => Promise<{ readonly store: OpenObjectStore; readonly dispose: () => Promise<void> }>,
): void {
  describe(`the feed of changes ${name}`, () => {
    let store: OpenObjectStore;
    let dispose: () => Promise<void>;
    let from: number;

    beforeEach(async () => {
      ({ store, dispose } = await open());
      await store.createBucket('photos');
      await store.createBucket('before');
      from = (await store.changes.subscribe('test')).position;
    });
    afterEach(() => dispose());

    const put = (bucket: string, key: string) => store.put({ bucket, key, body: bytesOf('hello'), metadata });

    /** Everything that there is by now. */
    async function rest(buckets?: readonly number[]): Promise<readonly Change[]> {
      const found: Change[] = [];
      for (;;) {
        const { changes, next } = await store.changes.read({ from, buckets });
        if (next === from) return found;
        found.push(...changes);
        from = next;
      }
    }

    const said = (changes: readonly Change[]) =>
      changes.map((change) => `${change.kind} ${'key' in change ? change.key : change.bucket}`);

    async function numberOf(bucket: string): Promise<number> {
      const { buckets } = await store.changes.subscribe('test');
      return buckets.find(({ settings }) => settings.name === bucket)?.bucket ?? Number.NaN;
    }

    it('tells objects, how they came to be and which version they are', async () => {
      const bucket = await numberOf('photos');
      const first = await put('photos', 'a');
      await store.updateBucket('photos', { versioning: 'enabled' });
      const form = { bucket: 'photos', key: 'a', body: bytesOf('hello'), metadata, origin: 'post' as const };
      const { versionId } = await store.put(form);
      const copy = { bucket: 'photos', key: 'b' };
      const copied = await store.copy({ source: { bucket: 'photos', key: 'a' }, target: copy });
      const upload = { ...copy, ...(await store.createUpload('photos', 'b', metadata)) };
      const part = await store.putPart({ ...upload, partNumber: 1, body: bytesOf('part') });
      const completed = await store.completeUpload({ ...upload, parts: [part] });
      const marker = await store.remove('photos', 'a');
      await store.remove('photos', 'a', { versionId });
      await store.remove('photos', 'a', { versionId: 'null' });

      const { etag } = first;
      const created = { kind: 'created', bucket, size: 5, etag };
      const changes = await rest();
      expect(changes).toMatchObject([
        { ...created, key: 'a', versionId: 'null', origin: 'put' },
        { kind: 'bucket', bucket, settings: { name: 'photos', versioning: 'enabled' } },
        { ...created, key: 'a', versionId, origin: 'post' },
        { ...created, key: 'b', versionId: copied.versionId, origin: 'copy' },
        { ...created, key: 'b', versionId: completed.versionId, origin: 'complete', size: 4, etag: completed.etag },
        { kind: 'delete-marker', bucket, key: 'a', versionId: marker.versionId },
        { kind: 'removed', bucket, key: 'a', versionId },
        { kind: 'removed', bucket, key: 'a', versionId: 'null' },
      ]);
      const stamps = changes.flatMap((change) => ('stamp' in change ? [change.stamp] : []));
      expect(stamps).toEqual([...new Set(stamps)].sort((a, b) => a - b));
    });

    it('tells what a lifecycle rule removed, in forks too', async () => {
      const byLifecycle = true;
      await put('photos', 'a');
      await put('photos', 'b');
      await store.createBucket('copies', { from: { bucket: 'photos' } });
      await rest();
      await store.remove('copies', 'a', { byLifecycle });
      await store.remove('photos', 'a', { byLifecycle });
      await store.remove('photos', 'b');
      await store.updateBucket('photos', { versioning: 'enabled' });
      const { versionId } = await put('photos', 'c');
      await store.remove('photos', 'c', { byLifecycle });
      await store.remove('photos', 'c', { versionId, byLifecycle });
      await store.remove('photos', 'c');
      const told = (await rest()).filter(({ kind }) => kind === 'removed' || kind === 'delete-marker');
      expect(told.map((change) => [change.kind, 'byLifecycle' in change && (change.byLifecycle ?? false)])).toEqual([
        ['removed', true],
        ['removed', true],
        ['removed', false],
        ['delete-marker', true],
        ['removed', true],
        ['delete-marker', false],
      ]);
    });

    it('says nothing where nothing happened', async () => {
      await store.remove('photos', 'absent');
      await put('photos', 'a').catch(() => {});
      await store
        .put({ bucket: 'photos', key: 'a', body: bytesOf('x'), metadata, conditions: { ifNoneMatch: '*' } })
        .catch(() => {});
      await store.updateMetadata('photos', 'a', { headers: { tag: 'x' } });
      await store.remove('photos', 'a');
      await store.remove('photos', 'a');
      expect(said(await rest())).toEqual(['created a', 'removed a']);
    });

    it('tells buckets that come, change and go, and takes their objects with them', async () => {
      await store.createBucket('new');
      const bucket = await numberOf('new');
      await put('new', 'a');
      await store.updateBucket('new', { documents: { rules: 'some' } });
      await store.deleteBucket('new', { force: true });
      const changes = await rest();
      expect(said(changes)).toEqual([`bucket ${bucket}`, 'created a', `bucket ${bucket}`, `bucket-removed ${bucket}`]);
      expect(changes[2]).toMatchObject({ settings: { name: 'new', documents: { rules: 'some' } } });
    });

    it('passes over objects of buckets that were not asked for, and never over a change of a bucket', async () => {
      const [photos, before] = [await numberOf('photos'), await numberOf('before')];
      await put('before', 'unasked');
      await put('photos', 'asked');
      await store.updateBucket('before', { versioning: 'enabled' });
      const page = async (buckets: readonly number[]) => {
        const { changes, next } = await store.changes.read({ from, buckets });
        from = next;
        return said(changes);
      };
      const seen = await page([photos]);
      expect(seen).toEqual(['created asked', `bucket ${before}`]);
      await put('before', 'now asked');
      expect(await page([photos, before])).toEqual(['created now asked']);
      expect(await page([photos, before])).toEqual([]);
    });

    it('lets a reader wait for the next change', async () => {
      const waiting = store.changes.read({ from, waitMs: 20_000 });
      await put('photos', 'a');
      expect(said((await waiting).changes)).toEqual(['created a']);
      expect((await store.changes.read({ from: (await waiting).next, waitMs: 1 })).changes).toEqual([]);
    });

    it('wakes a reader for what it asked for, wherever that is by then', async () => {
      const photos = await numberOf('photos');
      const found = (async () => {
        for (;;) {
          const { changes, next } = await store.changes.read({ from, buckets: [photos], waitMs: 20_000 });
          if (changes.length > 0) return changes;
          from = next;
        }
      })();
      for (let i = 0; i < 5; i++) await put('before', `unasked ${i}`);
      await put('photos', 'asked');
      expect(said(await found)).toEqual(['created asked']);
    });

    it('ends a wait that is aborted', async () => {
      const aborting = new AbortController();
      const waiting = store.changes.read({ from, waitMs: 20_000 }, { signal: aborting.signal });
      aborting.abort();
      expect((await waiting).changes).toEqual([]);
    });

    it('knows a consumer by its name', async () => {
      await put('photos', 'a');
      const again = await store.changes.subscribe('test');
      expect(again.position).toBe(from);
      expect(again.end).toBeGreaterThan(from);
      const other = await store.changes.subscribe('other');
      expect(other.position).toBe(other.end);
      await store.changes.unsubscribe('test');
      await store.changes.unsubscribe('test');
      expect((await store.changes.subscribe('test')).position).toBe(again.end);
    });
  });
}

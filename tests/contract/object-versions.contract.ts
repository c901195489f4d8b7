import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VersionMarker } from '../../src/objects/store/list.ts';
import type { ObjectVersion } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';

const metadata = { contentType: 'text/plain', headers: {}, user: {} };
const failure = (code: string) => expect.objectContaining({ code });

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** What `ObjectStore` says about versions. */
export function describeObjectVersions(
  name: string,
  open: () => Promise<{ readonly store: ObjectStore; readonly dispose: () => Promise<void> }>,
): void {
  describe(`versions of objects ${name}`, () => {
    let store: ObjectStore;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ store, dispose } = await open());
      await store.createBucket('photos');
    });
    afterEach(() => dispose());

    const put = (key: string, text: string) => store.put({ bucket: 'photos', key, body: bytesOf(text), metadata });
    const versioning = (to: 'enabled' | 'suspended') => store.updateBucket('photos', { versioning: to });

    async function read(key: string, versionId?: string): Promise<string> {
      const object = await store.open('photos', key, { versionId });
      try {
        const found: Uint8Array[] = [];
        for await (const chunk of object.body()) found.push(chunk);
        return Buffer.concat(found).toString();
      } finally {
        object.release();
      }
    }

    async function listed(limit = 1000, request: { prefix?: string; delimiter?: string } = {}) {
      const versions: ObjectVersion[] = [];
      const prefixes: string[] = [];
      for (let after: VersionMarker | undefined; ; ) {
        const page = await store.listVersions({ bucket: 'photos', ...request, after, limit });
        expect(page.versions.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit);
        versions.push(...page.versions);
        prefixes.push(...page.commonPrefixes);
        after = page.next;
        if (!after) return { versions, prefixes };
      }
    }

    const shape = ({ key, size, isLatest, deleteMarker }: ObjectVersion) =>
      `${key} ${deleteMarker ? 'marker' : size}${isLatest ? ' latest' : ''}`;

    it('change their headers in place', async () => {
      await versioning('enabled');
      const first = await put('a', 'one');
      const second = await put('a', 'second');
      const change = (headers: Record<string, string | undefined>, versionId?: string) =>
        store.updateMetadata('photos', 'a', { versionId, headers });
      const headers = { tag: 'x', other: 'y' };
      expect(await change(headers, first.versionId)).toEqual({ ...first, metadata: { ...metadata, headers } });
      await change({ tag: undefined, more: 'z' }, first.versionId);
      expect((await store.head('photos', 'a', first)).metadata.headers).toEqual({ other: 'y', more: 'z' });
      expect(await store.head('photos', 'a')).toEqual(second);
      expect(await change({ tag: 'latest' })).toMatchObject({ versionId: second.versionId });
      expect(await store.findVersion('photos', 'a')).toMatchObject({
        isLatest: true,
        metadata: { headers: { tag: 'latest' } },
      });
      expect([await read('a', first.versionId), await read('a')]).toEqual(['one', 'second']);
      expect((await listed()).versions).toHaveLength(2);
      const marker = await store.remove('photos', 'a');
      await expect(change({})).rejects.toThrow(failure('object.not-found'));
      await expect(change({}, marker.versionId)).rejects.toThrow(failure('version.delete-marker'));
      await expect(change({}, 'other')).rejects.toThrow(failure('version.not-found'));
      await expect(change({ tag: 'x'.repeat(600_000) }, first.versionId)).rejects.toThrow(
        failure('object.metadata-size'),
      );
    });

    it('are removed only while noncurrent, where that is asked for', async () => {
      const failed = failure('object.precondition');
      await versioning('enabled');
      const first = await put('a', 'one');
      const noncurrent = { versionId: first.versionId, ifNoncurrent: true };
      await expect(store.remove('photos', 'a', noncurrent)).rejects.toThrow(failed);
      const marker = await store.remove('photos', 'a', { ifLastModified: first.lastModified });
      expect((await listed()).versions).toHaveLength(2);
      const stale = { ...noncurrent, ifLastModified: first.lastModified - 1000 };
      await expect(store.remove('photos', 'a', stale)).rejects.toThrow(failed);
      await store.remove('photos', 'a', { ...noncurrent, ifLastModified: first.lastModified });
      expect((await listed()).versions.map(({ versionId }) => versionId)).toEqual([marker.versionId]);
    });

    it('are removed only with the tags that they had, where that is asked for', async () => {
      const failed = failure('object.precondition');
      await versioning('enabled');
      const first = await put('a', 'one');
      const tagging = (versionId: string, tags: string | undefined) =>
        store.updateMetadata('photos', 'a', { versionId, headers: { 'x-amz-tagging': tags } });
      await tagging(first.versionId, 'keep=no');
      const { versionId } = await put('a', 'two');
      await tagging(versionId, 'keep=no');
      await expect(store.remove('photos', 'a', { ifTagging: '' })).rejects.toThrow(failed);
      await expect(store.remove('photos', 'a', { versionId, ifTagging: 'keep=yes' })).rejects.toThrow(failed);
      await tagging(versionId, undefined);
      await expect(store.remove('photos', 'a', { ifTagging: 'keep=no' })).rejects.toThrow(failed);
      await expect(store.remove('photos', 'a', { versionId, ifTagging: 'keep=no' })).rejects.toThrow(failed);
      expect((await listed()).versions).toHaveLength(2);
      await store.remove('photos', 'a', { versionId: first.versionId, ifTagging: 'keep=no' });
      const marker = await store.remove('photos', 'a', { ifTagging: '' });
      await store.remove('photos', 'a', { versionId: marker.versionId, ifTagging: '' });
      expect((await listed()).versions.map((one) => one.versionId)).toEqual([versionId]);
    });

    it('stay readable by their id when they are overwritten and deleted', async () => {
      await versioning('enabled');
      const first = await put('a', 'one');
      const second = await put('a', 'second');
      const marker = await store.remove('photos', 'a');
      expect(marker).toEqual({ versionId: expect.any(String), deleteMarker: true });
      expect(new Set([first.versionId, second.versionId, marker.versionId, 'null'])).toHaveProperty('size', 4);

      expect(await read('a', first.versionId)).toBe('one');
      expect(await read('a', second.versionId)).toBe('second');
      expect(await store.head('photos', 'a', first)).toEqual(first);
      await expect(store.head('photos', 'a')).rejects.toThrow(failure('object.not-found'));
      await expect(store.head('photos', 'a', marker)).rejects.toThrow(failure('version.delete-marker'));
      await expect(store.open('photos', 'a', { versionId: 'other' })).rejects.toThrow(failure('version.not-found'));
      await expect(store.open('photos', 'b', first)).rejects.toThrow(failure('version.not-found'));
      const found = await Promise.all([
        store.findVersion('photos', 'a'),
        store.findVersion('photos', 'a', { versionId: second.versionId }),
      ]);
      expect(found).toEqual([
        expect.objectContaining({ versionId: marker.versionId, isLatest: true, deleteMarker: true }),
        { ...second, isLatest: false, deleteMarker: false },
      ]);
      expect(await store.findVersion('photos', 'b')).toBeUndefined();
      expect((await store.list({ bucket: 'photos', limit: 10 })).objects).toEqual([]);
      expect(await store.usage('photos')).toEqual({ objects: 2, bytes: 9 });
    });

    it('are current again when what was on top is deleted for good', async () => {
      await versioning('enabled');
      const first = await put('a', 'one');
      const second = await put('a', 'second');
      const marker = await store.remove('photos', 'a');
      expect(await store.remove('photos', 'a', { versionId: marker.versionId })).toEqual(marker);
      expect(await read('a')).toBe('second');
      const gone = { versionId: second.versionId, deleteMarker: false };
      expect(await store.remove('photos', 'a', second)).toEqual(gone);
      expect(await store.remove('photos', 'a', second)).toEqual(gone);
      expect(await read('a')).toBe('one');
      expect((await listed()).versions.map(shape)).toEqual(['a 3 latest']);
      await store.remove('photos', 'a', first);
      await expect(store.head('photos', 'a')).rejects.toThrow(failure('object.not-found'));
      expect((await listed()).versions).toEqual([]);
      expect(await store.usage('photos')).toEqual({ objects: 0, bytes: 0 });
    });

    it('take a delete marker on top of anything, and of nothing', async () => {
      await versioning('enabled');
      const markers = [await store.remove('photos', 'a'), await store.remove('photos', 'a')];
      expect((await listed()).versions.map(({ versionId }) => versionId)).toEqual(
        markers.map(({ versionId }) => versionId).reverse(),
      );
      expect(await store.usage('photos')).toEqual({ objects: 0, bytes: 0 });
      await expect(store.deleteBucket('photos')).rejects.toThrow(failure('bucket.not-empty'));
      for (const marker of markers) await store.remove('photos', 'a', { versionId: marker.versionId });
      await store.deleteBucket('photos');
    });

    it('keep what was there before versioning as the null version', async () => {
      expect((await put('a', 'before')).versionId).toBe('null');
      await versioning('enabled');
      const second = await put('a', 'two');
      expect(await read('a', 'null')).toBe('before');
      expect((await listed()).versions.map(({ versionId }) => versionId)).toEqual([second.versionId, 'null']);
      expect(await store.remove('photos', 'a', { versionId: 'null' })).toEqual({
        versionId: 'null',
        deleteMarker: false,
      });
      await expect(read('a', 'null')).rejects.toThrow(failure('version.not-found'));
      expect(await read('a')).toBe('two');
    });

    it('write the null version while suspended, one for each key', async () => {
      await versioning('enabled');
      const kept = await put('a', 'kept');
      await versioning('suspended');
      expect((await put('a', 'first null')).versionId).toBe('null');
      expect((await put('a', 'second')).versionId).toBe('null');
      expect((await listed()).versions.map(shape)).toEqual(['a 6 latest', 'a 4']);

      await versioning('enabled');
      await put('a', 'newest!');
      await versioning('suspended');
      expect(await store.remove('photos', 'a')).toEqual({ versionId: 'null', deleteMarker: true });
      expect((await listed()).versions.map(shape)).toEqual(['a marker latest', 'a 7', 'a 4']);
      await expect(read('a')).rejects.toThrow(failure('object.not-found'));
      await expect(read('a', 'null')).rejects.toThrow(failure('version.delete-marker'));
      expect(await store.remove('photos', 'a', { versionId: 'null' })).toEqual({
        versionId: 'null',
        deleteMarker: true,
      });
      expect(await read('a')).toBe('newest!');
      expect(await read('a', kept.versionId)).toBe('kept');
      expect(await store.usage('photos')).toEqual({ objects: 2, bytes: 11 });
    });

    it('cannot be taken back, only suspended', async () => {
      for (const to of ['enabled', 'suspended'] as const) {
        await versioning(to);
        expect(store.bucket('photos')).toMatchObject({ versioning: to });
        await expect(store.updateBucket('photos', { versioning: 'disabled' })).rejects.toThrow(
          failure('bucket.versioning-stays'),
        );
      }
    });

    it('are named by id in a bucket without versioning too', async () => {
      await put('a', 'one');
      expect(await read('a', 'null')).toBe('one');
      expect(await store.remove('photos', 'b')).toEqual({ deleteMarker: false });
      await store.remove('photos', 'a', { versionId: 'other' });
      expect(await read('a')).toBe('one');
      await store.remove('photos', 'a', { versionId: 'null' });
      expect((await listed()).versions).toEqual([]);
    });

    it('are conditions’ concern as the current object is', async () => {
      await versioning('enabled');
      const first = await put('a', 'one');
      await put('a', 'two');
      const refused = failure('object.precondition');
      await expect(store.remove('photos', 'a', { ifMatch: first.etag })).rejects.toThrow(refused);
      await expect(store.remove('photos', 'a', { versionId: first.versionId, ifMatch: 'other' })).rejects.toThrow(
        refused,
      );
      await store.remove('photos', 'a', { versionId: first.versionId, ifMatch: first.etag });
      await store.remove('photos', 'a');
      const body = () => ({ bucket: 'photos', key: 'a', body: bytesOf('three'), metadata });
      await expect(store.put({ ...body(), conditions: { ifMatch: '*' } })).rejects.toThrow(failure('object.not-found'));
      await store.put({ ...body(), conditions: { ifNoneMatch: '*' } });
      expect(await read('a')).toBe('three');
    });

    it('are copied by id', async () => {
      await versioning('enabled');
      const first = await put('a', 'one');
      await put('a', 'two');
      const source = { bucket: 'photos', key: 'a', versionId: first.versionId };
      await store.copy({ source, target: { bucket: 'photos', key: 'a' } });
      expect(await read('a')).toBe('one');
      const marker = await store.remove('photos', 'a');
      const ofMarker = { ...source, versionId: marker.versionId };
      await expect(store.copy({ source: ofMarker, target: { bucket: 'photos', key: 'b' } })).rejects.toThrow(
        failure('version.delete-marker'),
      );
    });

    it('are listed by key and from new to old, in pages of any size', async () => {
      await put('b/1', '1');
      await versioning('enabled');
      for (const [key, text] of [
        ['a', '1'],
        ['b/1', '22'],
        ['b/2', '1'],
        ['a', '22'],
        ['c', '1'],
        ['😀', '1'],
        ['\uffee', '1'],
      ] as const) {
        await put(key, text);
      }
      await store.remove('photos', 'a');
      const all = ['a marker latest', 'a 2', 'a 1', 'b/1 2 latest', 'b/1 1', 'b/2 1 latest', 'c 1 latest'].concat(
        '\uffee 1 latest',
        '😀 1 latest',
      );
      for (const limit of [1, 2, 3, 1000]) {
        expect((await listed(limit)).versions.map(shape)).toEqual(all);
        const grouped = await listed(limit, { delimiter: '/' });
        expect(grouped.versions.map(shape)).toEqual(all.filter((line) => !line.startsWith('b/')));
        expect(grouped.prefixes).toEqual(['b/']);
        const below = await listed(limit, { prefix: 'b/', delimiter: '/' });
        expect(below).toMatchObject({ versions: { length: 3 }, prefixes: [] });
      }
      expect(await store.listVersions({ bucket: 'photos', limit: 0 })).toEqual({ versions: [], commonPrefixes: [] });
    });

    it('are listed after a version, also when that is gone', async () => {
      await put('a', '1');
      await versioning('enabled');
      const second = await put('a', '22');
      const third = await put('a', '333');
      const listedAfter = async (marker: VersionMarker) =>
        (await store.listVersions({ bucket: 'photos', after: marker, limit: 10 })).versions.map(shape);
      expect(await listedAfter({ key: 'a' })).toEqual([]);
      expect(await listedAfter({ key: 'a', version: second.versionId })).toEqual(['a 1']);
      expect(await listedAfter({ key: 'a', version: 'null' })).toEqual([]);
      await store.remove('photos', 'a', second);
      expect(await listedAfter({ key: 'a', version: second.versionId })).toEqual(['a 1']);
      await store.remove('photos', 'a', third);
      expect(await listedAfter({ key: 'a', version: third.versionId })).toEqual(['a 1 latest']);
      await expect(listedAfter({ key: 'a', version: 'what?' })).rejects.toThrow(failure('version.marker'));
    });
  });
}

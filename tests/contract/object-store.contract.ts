import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectInfo } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import {
  bytesOf,
  failure,
  md5,
  type ObjectStoreUnderTest,
  plain,
  readAll,
  readObject,
} from './object-contract-tools.ts';

/** What every object store does (`ObjectStore`). */
export function describeObjectStore(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(`object store: ${name}`, () => {
    let test: ObjectStoreUnderTest;
    let store: ObjectStore;

    const put = (key: string, content: string | Uint8Array, more: object = {}): Promise<ObjectInfo> =>
      store.put({ bucket: 'photos', key, body: bytesOf(content), metadata: plain, ...more });
    const keys = async (request: object = {}) => {
      const page = await store.list({ bucket: 'photos', limit: 1000, ...request });
      return [...page.objects.map(({ key }) => key), ...page.commonPrefixes];
    };

    beforeEach(async () => {
      test = await make();
      store = test.store;
      await store.createBucket('photos');
    });

    afterEach(() => test.dispose());

    describe('objects', () => {
      it('come back as they were put', async () => {
        const metadata = {
          contentType: 'image/png',
          headers: { 'cache-control': 'max-age=60', expires: 'never' },
          user: { camera: 'Кодак', mood: '' },
        };
        const before = Date.now();
        const info = await store.put({ bucket: 'photos', key: 'dir/ä €😀.png', body: bytesOf('he', 'llo'), metadata });
        expect(info).toMatchObject({ key: 'dir/ä €😀.png', size: 5, etag: md5('hello'), versionId: 'null', metadata });
        expect(info.lastModified).toBeGreaterThanOrEqual(before - 1);
        expect(await store.head('photos', 'dir/ä €😀.png')).toEqual(info);
        const read = await store.open('photos', 'dir/ä €😀.png');
        expect(read.info).toEqual(info);
        expect((await readAll(read.body())).toString()).toBe('hello');
        read.release();
      });

      it('keep every byte at every size, known beforehand or not', async () => {
        for (const size of [0, 1, ...test.sizes]) {
          const content = randomBytes(size);
          for (const known of [size, undefined]) {
            const info = await put(`size-${size}`, content, { size: known });
            expect(info).toMatchObject({ size, etag: md5(content) });
            expect(await readObject(store, 'photos', `size-${size}`)).toEqual(content);
          }
        }
      });

      it('take bytes that are at hand as those that come', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          const info = await store.put({ bucket: 'photos', key: 'held', body: content, size, metadata: plain });
          expect(info).toMatchObject({ size, etag: md5(content) });
          expect(await readObject(store, 'photos', 'held')).toEqual(content);
        }
      });

      it('give ranges', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          await put('ranged', content);
          for (const [start, end] of [
            [0, 0],
            [1, Math.floor(size / 2)],
            [size - 1, size - 1],
            [0, size - 1],
          ] as const) {
            const read = await store.open('photos', 'ranged');
            expect(await readAll(read.body({ start, end }))).toEqual(content.subarray(start, end + 1));
            read.release();
          }
        }
      });

      it('are replaced, and counted exactly', async () => {
        await put('a', 'one');
        await put('b', 'three');
        await put('a', 'seven77');
        expect(await store.usage('photos')).toEqual({ objects: 2, bytes: 12 });
        expect((await readObject(store, 'photos', 'a')).toString()).toBe('seven77');
        await store.remove('photos', 'a');
        expect(await store.usage('photos')).toEqual({ objects: 1, bytes: 5 });
        await expect(store.usage('missing')).rejects.toThrow(failure('bucket.not-found'));
      });

      it('are gone when removed; removing what is absent is no error', async () => {
        await put('a', 'one');
        await store.remove('photos', 'a');
        await store.remove('photos', 'a');
        await expect(store.head('photos', 'a')).rejects.toThrow(failure('object.not-found'));
        await expect(store.open('photos', 'a')).rejects.toThrow(failure('object.not-found'));
        await expect(store.remove('missing', 'a')).rejects.toThrow(failure('bucket.not-found'));
      });

      it('are read to the end though replaced or removed meanwhile', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          await put('busy', content);
          const [before, during] = [await store.open('photos', 'busy'), await store.open('photos', 'busy')];
          const chunks = during.body()[Symbol.asyncIterator]();
          const first = await chunks.next();
          await put('busy', 'other');
          await store.remove('photos', 'busy');
          const rest = await readAll({ [Symbol.asyncIterator]: () => chunks });
          expect(Buffer.concat([first.value ?? Buffer.alloc(0), rest])).toEqual(content);
          expect(await readAll(before.body())).toEqual(content);
          before.release();
          during.release();
        }
      });

      it('are refused with another MD5 than was promised', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          for (const known of [size, undefined]) {
            const info = await put('promised', content, { size: known, md5: md5(content) });
            expect(info.etag).toBe(md5(content));
            await expect(put('other', content, { size: known, md5: md5('other') })).rejects.toThrow(
              failure('object.digest'),
            );
          }
          const held = { bucket: 'photos', key: 'other', body: content, size, metadata: plain };
          await expect(store.put({ ...held, md5: md5('other') })).rejects.toThrow(failure('object.digest'));
          const { uploadId } = await store.createUpload('photos', 'film', plain);
          const part = { bucket: 'photos', key: 'film', uploadId, partNumber: 1, size };
          const taken = await store.putPart({ ...part, body: bytesOf(content), md5: md5(content) });
          const other = store.putPart({ ...part, body: bytesOf(content), md5: md5('other') });
          await expect(other).rejects.toThrow(failure('object.digest'));
          expect(await store.listParts(part)).toEqual([taken]);
        }
        expect(await keys()).toEqual(['promised']);
      });

      it('leave nothing when the body fails', async () => {
        async function* broken(size: number): AsyncGenerator<Uint8Array> {
          yield Buffer.alloc(size);
          throw new Error('client gone');
        }
        for (const size of test.sizes) {
          for (const known of [size, undefined]) {
            const request = { bucket: 'photos', key: 'broken', body: broken(size), size: known, metadata: plain };
            await expect(store.put(request)).rejects.toThrow('client gone');
          }
        }
        expect(await keys()).toEqual([]);
        expect(await store.usage('photos')).toEqual({ objects: 0, bytes: 0 });
      });

      it('refuse keys that S3 has no place for', async () => {
        for (const key of ['', 'a\0b', 'ä'.repeat(513)]) {
          await expect(put(key, 'x')).rejects.toThrow(failure('object.key'));
        }
        await put('ä'.repeat(512), 'x');
        expect(await keys()).toEqual(['ä'.repeat(512)]);
        await expect(put('a', 'x', { bucket: 'missing' })).rejects.toThrow(failure('bucket.not-found'));
      });

      it('refuse delete markers of such keys, and find nothing at them', async () => {
        await store.updateBucket('photos', { versioning: 'enabled' });
        const { versionId } = await put('a', 'x');
        for (const key of ['a\0b', 'k'.repeat(1025), 'k'.repeat(5000)]) {
          await expect(store.remove('photos', key)).rejects.toThrow(failure('object.key'));
          await expect(store.head('photos', key)).rejects.toThrow(failure('object.not-found'));
          await expect(store.head('photos', key, { versionId })).rejects.toThrow(failure('version.not-found'));
          expect(await store.findVersion('photos', key)).toBeUndefined();
          await store.remove('photos', key, { versionId });
        }
        const { versions } = await store.listVersions({ bucket: 'photos', limit: 10 });
        expect(versions.map(({ key }) => key)).toEqual(['a']);
      });

      it('are listed after whatever is said', async () => {
        const longest = 'k'.repeat(1024);
        for (const key of ['a', longest, 'l']) await put(key, 'x');
        const listed = async (after: string, delimiter?: string) =>
          (await store.list({ bucket: 'photos', after, delimiter, limit: 10 })).objects.map(({ key }) => key);
        const versions = async (key: string, version?: string) =>
          (await store.listVersions({ bucket: 'photos', after: { key, version }, limit: 10 })).versions.length;
        for (const length of [1025, 5000]) {
          const long = 'k'.repeat(length);
          expect(await listed(long)).toEqual(['l']);
          expect(await listed(`${long}/x`, '/')).toEqual(['l']);
          expect(await listed(`j${long}`)).toEqual([longest, 'l']);
          expect(await listed(`m${long}`)).toEqual([]);
          expect([await versions(long), await versions(long, 'null')]).toEqual([1, 1]);
          expect((await store.list({ bucket: 'photos', prefix: long, limit: 10 })).objects).toEqual([]);
        }
      });

      it('get an id for each version in a versioned bucket', async () => {
        await store.updateBucket('photos', { versioning: 'enabled' });
        const first = await put('a', 'one');
        const second = await put('a', 'two');
        expect(first.versionId).not.toBe('null');
        expect(second.versionId).not.toBe(first.versionId);
        expect(await keys()).toEqual(['a']);
        await store.remove('photos', 'a');
        await expect(store.head('photos', 'a')).rejects.toThrow(failure('object.not-found'));
        expect(await keys()).toEqual([]);
      });
    });

    describe('conditions', () => {
      const refused = failure('object.precondition');

      it('make an object only once', async () => {
        const racing = await Promise.allSettled(
          Array.from({ length: 16 }, (_, i) => put('lock', `holder ${i}`, { conditions: { ifNoneMatch: '*' } })),
        );
        expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        const winner = racing.findIndex(({ status }) => status === 'fulfilled');
        expect((await readObject(store, 'photos', 'lock')).toString()).toBe(`holder ${winner}`);
      });

      it('let one of several racing changes win', async () => {
        const { etag } = await put('counter', '0');
        const racing = await Promise.allSettled(
          Array.from({ length: 16 }, (_, i) => put('counter', `next ${i}`, { conditions: { ifMatch: etag } })),
        );
        expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      });

      it('check what is there', async () => {
        const missing = failure('object.not-found');
        await expect(put('a', 'x', { conditions: { ifMatch: '*' } })).rejects.toThrow(missing);
        await expect(store.remove('photos', 'a', { ifMatch: '*' })).rejects.toThrow(missing);
        await store.remove('photos', 'a', { ifSize: 7, ifLastModified: 0 });
        const { etag, lastModified } = await put('a', 'x');
        await expect(store.remove('photos', 'a', { ifSize: 2 })).rejects.toThrow(refused);
        const ifLastModified = lastModified - 1000;
        await expect(store.remove('photos', 'a', { ifSize: 1, ifLastModified })).rejects.toThrow(refused);
        await put('a', 'x', { conditions: { ifMatch: '*' } });
        await put('a', 'x', { conditions: { ifNoneMatch: 'other' } });
        await expect(put('a', 'y', { conditions: { ifNoneMatch: etag } })).rejects.toThrow(refused);
        await expect(store.remove('photos', 'a', { ifMatch: 'other' })).rejects.toThrow(refused);
        const current = await store.head('photos', 'a');
        const second = Math.floor(current.lastModified / 1000) * 1000;
        await store.remove('photos', 'a', { ifMatch: etag, ifSize: 1, ifLastModified: second });
        expect(await keys()).toEqual([]);
      });
    });

    describe('copies', () => {
      it('are whole objects of their own', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          const source = await put('from', content);
          const copy = await store.copy({
            source: { bucket: 'photos', key: 'from' },
            target: { bucket: 'photos', key: 'to' },
          });
          expect(copy).toMatchObject({ key: 'to', size, etag: source.etag, metadata: plain });
          await store.remove('photos', 'from');
          expect(await readObject(store, 'photos', 'to')).toEqual(content);
          await store.remove('photos', 'to');
        }
      });

      it('to themselves change the metadata', async () => {
        for (const size of test.sizes) {
          const content = randomBytes(size);
          await put('a', content);
          const place = { bucket: 'photos', key: 'a' };
          const metadata = { ...plain, user: { colour: 'red' } };
          await store.copy({ source: place, target: place, metadata });
          expect((await store.head('photos', 'a')).metadata).toEqual(metadata);
          expect(await readObject(store, 'photos', 'a')).toEqual(content);
        }
        expect((await store.usage('photos')).objects).toBe(1);
      });

      it('check source and target', async () => {
        const { etag } = await put('from', 'x');
        const [source, target] = [
          { bucket: 'photos', key: 'from' },
          { bucket: 'photos', key: 'to' },
        ];
        const refused = failure('object.precondition');
        await expect(store.copy({ source, target, sourceConditions: { ifNoneMatch: etag } })).rejects.toThrow(refused);
        await store.copy({ source, target, sourceConditions: { ifMatch: etag } });
        await expect(store.copy({ source, target, conditions: { ifNoneMatch: '*' } })).rejects.toThrow(refused);
        await expect(store.copy({ source: { bucket: 'photos', key: 'none' }, target })).rejects.toThrow(
          failure('object.not-found'),
        );
      });
    });

    describe('listings', () => {
      it('are in UTF-8 byte order', async () => {
        const names = ['a', 'B', 'ab', 'a/b', 'ä', '😀', '\uffee', 'a\u0001', '0'];
        for (const key of names) await put(key, key);
        const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(await keys()).toEqual(sorted);
      });

      it('come in pages that fit together', async () => {
        const names = Array.from({ length: 23 }, (_, i) => `dir${i % 4}/file${String(i).padStart(2, '0')}`);
        for (const key of [...names, 'top']) await put(key, key);
        for (const delimiter of [undefined, '/']) {
          const whole = await store.list({ bucket: 'photos', limit: 1000, delimiter });
          expect(whole.next).toBeUndefined();
          for (const limit of [1, 2, 5, 24]) {
            const [objects, prefixes] = [[] as string[], [] as string[]];
            for (let after: string | undefined, pages = 0; pages === 0 || after !== undefined; pages++) {
              const page = await store.list({ bucket: 'photos', limit, delimiter, after });
              expect(page.objects.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit);
              objects.push(...page.objects.map(({ key }) => key));
              prefixes.push(...page.commonPrefixes);
              after = page.next;
            }
            expect(objects).toEqual(whole.objects.map(({ key }) => key));
            expect(prefixes).toEqual(whole.commonPrefixes);
          }
        }
      });

      it('group by a delimiter below a prefix', async () => {
        for (const key of ['a/1', 'a/b/2', 'a/b/3', 'a/c/4', 'a', 'b/5']) await put(key, 'x');
        expect(await keys({ delimiter: '/' })).toEqual(['a', 'a/', 'b/']);
        expect(await keys({ delimiter: '/', prefix: 'a/' })).toEqual(['a/1', 'a/b/', 'a/c/']);
        expect(await keys({ delimiter: '/', prefix: 'a/', after: 'a/b/' })).toEqual(['a/c/']);
        expect(await keys({ prefix: 'a/', after: 'a/b/2' })).toEqual(['a/b/3', 'a/c/4']);
        expect(await keys({ delimiter: 'b/', prefix: 'a/' })).toEqual(['a/1', 'a/c/4', 'a/b/']);
        expect(await keys({ limit: 0 })).toEqual([]);
        expect(await keys({ prefix: 'zzz' })).toEqual([]);
        await expect(store.list({ bucket: 'missing', limit: 1 })).rejects.toThrow(failure('bucket.not-found'));
      });
    });
  });
}

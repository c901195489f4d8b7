import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareKeys } from '../../src/objects/store/listing.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import type { ListUploads } from '../../src/objects/store/upload.ts';
import {
  bytesOf,
  failure,
  md5,
  type ObjectStoreUnderTest,
  plain,
  readAll,
  readObject,
} from './object-contract-tools.ts';

/** What `ObjectStore` says about multipart uploads. */
export function describeObjectUploads(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(`multipart uploads ${name}`, () => {
    let test: ObjectStoreUnderTest;
    let store: ObjectStore;

    beforeEach(async () => {
      test = await make();
      store = test.store;
      await store.createBucket('photos');
    });

    afterEach(() => test.dispose());

    const begin = async (key = 'film') => {
      const { uploadId } = await store.createUpload('photos', key, plain);
      return { bucket: 'photos', key, uploadId };
    };
    const part = (upload: { bucket: string; key: string; uploadId: string }, partNumber: number, content: Uint8Array) =>
      store.putPart({ ...upload, partNumber, body: bytesOf(content), size: content.length });

    it('become one object', async () => {
      const upload = await begin();
      const contents = [randomBytes(test.minPartBytes), randomBytes(test.minPartBytes + 7), randomBytes(3)];
      const parts = [];
      for (const [i, content] of contents.entries()) parts.push(await part(upload, i + 1, content));
      expect(parts.map(({ etag }) => etag)).toEqual(contents.map(md5));
      expect(await store.listParts(upload)).toEqual(parts);
      await expect(store.head('photos', 'film')).rejects.toThrow(failure('object.not-found'));
      const info = await store.completeUpload({ ...upload, parts });
      const whole = Buffer.concat(contents);
      const etag = `${md5(Buffer.concat(contents.map((content) => Buffer.from(md5(content), 'hex'))))}-3`;
      expect(info).toMatchObject({ key: 'film', size: whole.length, etag });
      expect(await readObject(store, 'photos', 'film')).toEqual(whole);
      const read = await store.open('photos', 'film');
      const range = { start: test.minPartBytes - 2, end: 2 * test.minPartBytes + 8 };
      expect(await readAll(read.body(range))).toEqual(whole.subarray(range.start, range.end + 1));
      read.release();
      expect(await store.usage('photos')).toEqual({ objects: 1, bytes: whole.length });
      await expect(store.listParts(upload)).rejects.toThrow(failure('upload.not-found'));
    });

    it('keep what was said of the upload and of its parts, and become what the completion says', async () => {
      const metadata = { ...plain, headers: { 'x-amz-checksum-algorithm': 'CRC32' } };
      const { uploadId } = await store.createUpload('photos', 'film', metadata);
      const upload = { bucket: 'photos', key: 'film', uploadId };
      expect(await store.findUpload(upload)).toMatchObject({ uploadId, key: 'film', metadata });
      const takePart = async (size: number) => {
        const headers: Record<string, string> = {};
        async function* body() {
          yield Buffer.alloc(size);
          headers['x-amz-checksum-crc32'] = 'known at the end';
        }
        return store.putPart({ ...upload, partNumber: 1, body: body(), size, headers });
      };
      let only = await takePart(1);
      for (const size of test.sizes) only = await takePart(size);
      expect(only.headers).toEqual({ 'x-amz-checksum-crc32': 'known at the end' });
      expect(await store.listParts(upload)).toEqual([only]);
      const final = { ...metadata, headers: { 'x-amz-checksum-crc32': 'of all' } };
      await store.completeUpload({ ...upload, parts: [only], metadata: final });
      expect((await store.head('photos', 'film')).metadata).toEqual(final);
      await expect(store.findUpload(upload)).rejects.toThrow(failure('upload.not-found'));
    });

    it('take the parts that are named, the last of each number', async () => {
      const upload = await begin();
      await part(upload, 3, Buffer.from('old'));
      const last = await part(upload, 3, Buffer.from('new'));
      await part(upload, 7, Buffer.from('unused'));
      await store.completeUpload({ ...upload, parts: [last] });
      expect((await readObject(store, 'photos', 'film')).toString()).toBe('new');
    });

    it('refuse parts that are not as named', async () => {
      const upload = await begin();
      const small = await part(upload, 1, Buffer.from('small'));
      const second = await part(upload, 2, Buffer.from('second'));
      const complete = (...parts: { partNumber: number; etag: string }[]) => store.completeUpload({ ...upload, parts });
      await expect(complete()).rejects.toThrow(failure('upload.part'));
      await expect(complete({ ...second, partNumber: 5 })).rejects.toThrow(failure('upload.part'));
      await expect(complete({ ...second, etag: small.etag })).rejects.toThrow(failure('upload.part'));
      await expect(complete(second, small)).rejects.toThrow(failure('upload.part-order'));
      await expect(complete(small, second)).rejects.toThrow(failure('upload.part-size'));
      await expect(part(upload, 0, Buffer.from('x'))).rejects.toThrow(failure('upload.part'));
      await expect(part(upload, 10_001, Buffer.from('x'))).rejects.toThrow(failure('upload.part'));
      await complete(second);
    });

    it('obey conditions and stay when refused', async () => {
      const upload = await begin();
      const only = await part(upload, 1, Buffer.from('x'));
      await store.put({ bucket: 'photos', key: 'film', body: bytesOf('there'), metadata: plain });
      const conditions = { ifNoneMatch: '*' };
      await expect(store.completeUpload({ ...upload, parts: [only], conditions })).rejects.toThrow(
        failure('object.precondition'),
      );
      expect(await store.listParts(upload)).toHaveLength(1);
    });

    it('are listed until completed or aborted', async () => {
      const [b, a, other] = [await begin('dir/b'), await begin('dir/a'), await begin('else')];
      const { uploads } = await store.listUploads({ bucket: 'photos', limit: 10 });
      expect(uploads.map(({ uploadId }) => uploadId)).toEqual([a.uploadId, b.uploadId, other.uploadId]);
      await store.abortUpload(other);
      await expect(store.abortUpload(other)).rejects.toThrow(failure('upload.not-found'));
      await expect(part(other, 1, Buffer.from('late'))).rejects.toThrow(failure('upload.not-found'));
      expect((await store.listUploads({ bucket: 'photos', prefix: 'dir/', limit: 10 })).uploads).toHaveLength(2);
      await expect(store.listUploads({ bucket: 'none', limit: 10 })).rejects.toThrow(failure('bucket.not-found'));
      await expect(store.listParts({ ...a, key: 'dir/b' })).rejects.toThrow(failure('upload.not-found'));
    });

    it('are listed by pages, in the order of keys, those of one key by their ids, common prefixes once', async () => {
      const keys = ['a/2', 'b', '\u{1f642}', 'a/1', '\uff5e', 'b', 'a', 'a/3/x', 'b'];
      for (const key of keys) await begin(key);
      const pages = async (request: Omit<ListUploads, 'bucket'>) => {
        const seen: string[][] = [];
        for (let after: ListUploads['after'] | 'begin' = 'begin'; after; ) {
          const page = await store.listUploads({ bucket: 'photos', ...request, ...(after !== 'begin' && { after }) });
          const ids = page.uploads.map(({ uploadId }) => uploadId);
          expect(new Set(ids).size).toBe(ids.length);
          seen.push([...page.uploads.map(({ key }) => key), ...page.commonPrefixes].sort(compareKeys));
          after = page.next;
        }
        return seen;
      };
      const sorted = keys.toSorted(compareKeys);
      expect(await pages({ limit: 100 })).toEqual([sorted]);
      expect(await pages({ limit: 9 })).toEqual([sorted]);
      expect(await pages({ limit: 2 })).toEqual([0, 2, 4, 6, 8].map((at) => sorted.slice(at, at + 2)));
      expect(await pages({ limit: 0 })).toEqual([[]]);
      const grouped = [['a', 'a/'], ['b', 'b'], ['b', '\uff5e'], ['\u{1f642}']];
      expect(await pages({ delimiter: '/', limit: 2 })).toEqual(grouped);
      expect(await pages({ delimiter: '/', prefix: 'a/', limit: 2 })).toEqual([['a/1', 'a/2'], ['a/3/']]);
      const { uploads } = await store.listUploads({ bucket: 'photos', after: { key: 'a/3/x' }, limit: 9 });
      expect(uploads.map(({ key }) => key)).toEqual(sorted.slice(4));
    });

    it('have parts, which are listed from any number on', async () => {
      const upload = await begin();
      for (const number of [3, 1, 7, 5]) await part(upload, number, Buffer.from('x'));
      const numbers = async (page: { after?: number; limit?: number }) =>
        (await store.listParts({ ...upload, ...page })).map(({ partNumber }) => partNumber);
      expect(await numbers({ after: 1, limit: 2 })).toEqual([3, 5]);
      expect(await numbers({ after: 5 })).toEqual([7]);
      expect(await numbers({ limit: 0 })).toEqual([]);
    });
  });
}

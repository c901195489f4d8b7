import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteRange, ReadObject } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { bytesOf, failure, md5, plain as metadata, type ObjectStoreUnderTest } from './object-contract-tools.ts';

const customerKey = randomBytes(32);
const otherKey = randomBytes(32);

/** What `ObjectStore` says about encryption. */
export function describeObjectEncryption(name: string, make: () => Promise<ObjectStoreUnderTest>): void {
  describe(`encryption of objects ${name}`, () => {
    let test: ObjectStoreUnderTest;
    let store: ObjectStore;

    beforeEach(async () => {
      test = await make();
      store = test.store;
      await store.createBucket('photos');
    });
    afterEach(() => test.dispose());

    const put = (key: string, content: Uint8Array, more: object = {}) =>
      store.put({ bucket: 'photos', key, body: bytesOf(content), metadata, ...more });

    async function read(key: string, options: ReadObject = {}, range?: ByteRange): Promise<Buffer> {
      const object = await store.open('photos', key, options);
      try {
        const found: Uint8Array[] = [];
        for await (const chunk of object.body(range)) found.push(chunk);
        return Buffer.concat(found);
      } finally {
        object.release();
      }
    }

    const copy = (from: string, to: string, keys: { from?: Uint8Array; to?: Uint8Array } = {}) =>
      store.copy({
        source: { bucket: 'photos', key: from, customerKey: keys.from },
        target: { bucket: 'photos', key: to, customerKey: keys.to },
      });

    async function upload(key: string, parts: readonly Uint8Array[], more: { customerKey?: Uint8Array } = {}) {
      const { uploadId, encryption } = await store.createUpload('photos', key, metadata, more);
      const ref = { bucket: 'photos', key, uploadId };
      const put = (content: Uint8Array, i: number) =>
        store.putPart({ ...ref, partNumber: i + 1, body: bytesOf(content), ...more });
      return { ref, encryption, parts: await Promise.all(parts.map(put)) };
    }

    it('is said of every object', async () => {
      expect(store.encrypts).toBe(true);
      expect(await put('a', Buffer.from('one'))).toMatchObject({ encryption: 'managed' });
      expect(await store.head('photos', 'a')).toMatchObject({ encryption: 'managed' });
      expect(await put('b', Buffer.from('one'), { customerKey })).toMatchObject({ encryption: 'customer' });
      expect(await copy('a', 'c')).toMatchObject({ encryption: 'managed', etag: md5(Buffer.from('one')) });
      const { encryption, ref, parts } = await upload('d', [Buffer.from('one')]);
      expect(encryption).toBe('managed');
      expect(await store.completeUpload({ ...ref, parts })).toMatchObject({ encryption: 'managed' });
    });

    it("gives the bytes under a customer's key for that key alone", async () => {
      for (const size of [0, 1, ...test.sizes]) {
        const content = randomBytes(size);
        const info = await put('guarded', content, { customerKey, size, md5: md5(content) });
        const other = put('other', content, { customerKey, size, md5: md5(Buffer.from('other')) });
        await expect(other).rejects.toThrow(failure('object.digest'));
        expect(info).toMatchObject({ size, encryption: 'customer', etag: expect.stringMatching(/^[0-9a-f]{32}$/) });
        expect(info.etag).not.toBe(md5(content));
        expect(await read('guarded', { customerKey })).toEqual(content);
        if (size > 2) {
          const range = { start: size - 2, end: size - 1 };
          expect(await read('guarded', { customerKey }, range)).toEqual(content.subarray(-2));
        }
        await expect(store.open('photos', 'guarded')).rejects.toThrow(failure('encryption.key-missing'));
        await expect(store.open('photos', 'guarded', { customerKey: otherKey })).rejects.toThrow(
          failure('encryption.key-wrong'),
        );
      }
    });

    it('gives information without the key, and checks one that is given', async () => {
      const info = await put('guarded', Buffer.from('x'), { customerKey });
      await put('open', Buffer.from('x'));
      expect(await store.head('photos', 'guarded')).toEqual(info);
      expect(await store.head('photos', 'guarded', { customerKey })).toEqual(info);
      const wrong = { customerKey: otherKey };
      await expect(store.head('photos', 'guarded', wrong)).rejects.toThrow(failure('encryption.key-wrong'));
      await expect(store.head('photos', 'open', wrong)).rejects.toThrow(failure('encryption.key-needless'));
      await expect(store.open('photos', 'open', wrong)).rejects.toThrow(failure('encryption.key-needless'));
      expect((await store.list({ bucket: 'photos', limit: 10 })).objects).toHaveLength(2);
    });

    it('refuses what is no key', async () => {
      const short = { customerKey: randomBytes(16) };
      await expect(put('a', Buffer.from('x'), short)).rejects.toThrow(failure('encryption.key'));
      await expect(store.createUpload('photos', 'a', metadata, short)).rejects.toThrow(failure('encryption.key'));
    });

    it('holds for each version by itself', async () => {
      await store.updateBucket('photos', { versioning: 'enabled' });
      const first = await put('a', Buffer.from('one'), { customerKey });
      const second = await put('a', Buffer.from('two'), { customerKey: otherKey });
      await put('a', Buffer.from('three'));
      expect(await read('a', { ...first, customerKey })).toEqual(Buffer.from('one'));
      expect(await read('a', { versionId: second.versionId, customerKey: otherKey })).toEqual(Buffer.from('two'));
      expect(await read('a')).toEqual(Buffer.from('three'));
      await expect(read('a', { customerKey })).rejects.toThrow(failure('encryption.key-needless'));
      await store.updateMetadata('photos', 'a', { ...first, headers: { 'cache-control': 'no-cache' } });
      expect(await read('a', { ...first, customerKey })).toEqual(Buffer.from('one'));
    });

    it('changes with a copy', async () => {
      for (const size of test.sizes) {
        const content = randomBytes(size);
        const { etag } = await put('plain', content);
        const guarded = await copy('plain', 'guarded', { to: customerKey });
        expect(guarded).toMatchObject({ size, encryption: 'customer' });
        expect(guarded.etag).not.toBe(etag);
        await copy('guarded', 'same', { from: customerKey, to: customerKey });
        await copy('guarded', 'other', { from: customerKey, to: otherKey });
        expect(await copy('other', 'free', { from: otherKey })).toMatchObject({ encryption: 'managed', etag });
        await copy('guarded', 'guarded', { from: customerKey, to: otherKey });
        for (const key of ['plain', 'guarded', 'other']) await store.remove('photos', key);

        expect(await read('same', { customerKey })).toEqual(content);
        expect(await read('free')).toEqual(content);
        await expect(copy('same', 'x')).rejects.toThrow(failure('encryption.key-missing'));
        await expect(copy('same', 'x', { from: otherKey })).rejects.toThrow(failure('encryption.key-wrong'));
        await expect(copy('free', 'x', { from: otherKey })).rejects.toThrow(failure('encryption.key-needless'));
      }
    });

    it("is the upload's for all its parts", async () => {
      const contents = [randomBytes(test.minPartBytes), Buffer.from('the last')];
      const { ref, encryption, parts } = await upload('guarded', contents, { customerKey });
      expect(encryption).toBe('customer');
      const part = { ...ref, partNumber: 3, body: bytesOf(Buffer.from('x')) };
      await expect(store.putPart(part)).rejects.toThrow(failure('upload.encryption'));
      await expect(store.putPart({ ...part, customerKey: otherKey })).rejects.toThrow(failure('upload.encryption'));
      const plain = await upload('plain', []);
      const other = { ...part, ...plain.ref, customerKey };
      await expect(store.putPart(other)).rejects.toThrow(failure('upload.encryption'));
      const found = await store.findUpload(ref);
      expect(await store.findUpload({ ...ref, customerKey })).toEqual(found);
      for (const asked of [
        { ...ref, customerKey: otherKey },
        { ...plain.ref, customerKey },
      ]) {
        await expect(store.findUpload(asked)).rejects.toThrow(failure('upload.encryption'));
      }

      const info = await store.completeUpload({ ...ref, parts });
      expect(info).toMatchObject({ encryption: 'customer', etag: expect.stringMatching(/^[0-9a-f]{32}-2$/) });
      expect(await read('guarded', { customerKey })).toEqual(Buffer.concat(contents));
      await expect(read('guarded')).rejects.toThrow(failure('encryption.key-missing'));

      const freed = await copy('guarded', 'free', { from: customerKey });
      const digests = createHash('md5');
      for (const content of contents) digests.update(md5(content), 'hex');
      expect(freed).toMatchObject({
        partSizes: contents.map(({ length }) => length),
        etag: `${digests.digest('hex')}-2`,
      });
      expect(await read('free')).toEqual(Buffer.concat(contents));
    });
  });
}

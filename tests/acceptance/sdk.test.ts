import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type CopyOptions,
  type PutData,
  type RemovalFailure,
  Storage,
  StorageError,
  type StorageOptions,
} from '../../sdk/src/index.ts';
import { startObjectStore, type TestObjectStore } from '../support/object-store.ts';

/** The SDK against the object store, as an app with a key of its own has it. */

const MIB = 1024 * 1024;
let store: TestObjectStore;
let options: StorageOptions;
let storage: Storage;

beforeAll(async () => {
  store = await startObjectStore('photos', 'listing', 'other');
  const environment = await store.environment('photos');
  options = {
    endpoint: store.endpoint,
    accessKeyId: environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
  };
  storage = new Storage('photos', options);
});

afterAll(() => store[Symbol.asyncDispose]());

describe('put and get', () => {
  const bytes = randomBytes(100_000);
  const forms: Record<string, () => PutData> = {
    Buffer: () => bytes,
    Uint8Array: () => new Uint8Array(bytes),
    ArrayBuffer: () => new Uint8Array(bytes).buffer,
    Blob: () => new Blob([new Uint8Array(bytes)]),
    'web stream': () => ReadableStream.from([bytes.subarray(0, 10), bytes.subarray(10)]),
    'Node stream': () => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]),
    'async iterable': async function* () {
      for (let i = 0; i < bytes.length; i += 999) yield bytes.subarray(i, i + 999);
    },
  };

  test.each(Object.keys(forms))('%s', async (form) => {
    const data = forms[form]?.() as PutData;
    const stored = await storage.put(`forms/${form}`, data, { contentType: 'application/x-test' });
    const file = await storage.get(`forms/${form}`);
    expect(file?.body.equals(bytes)).toBe(true);
    expect(file).toMatchObject({ key: `forms/${form}`, type: 'application/x-test', size: 100_000, etag: stored.etag });
    expect(file?.etag).toBe(createHash('md5').update(bytes).digest('hex'));
  });

  test('a string is UTF-8, typed by its key', async () => {
    await storage.put('notes/ü.txt', 'żółw');
    const file = await storage.get('notes/ü.txt');
    expect(file?.body.toString()).toBe('żółw');
    expect(file?.type).toBe('text/plain; charset=utf-8');
    expect(Date.now() - (file?.lastModified.getTime() ?? 0)).toBeLessThan(60_000);
    expect((await buffer(file?.stream() ?? Readable.from([]))).toString()).toBe('żółw');
  });

  test('nothing is something', async () => {
    await storage.put('empty', '');
    await storage.put('empty-stream', Readable.from([]));
    expect(await storage.get('empty')).toMatchObject({ size: 0, body: Buffer.alloc(0) });
    expect(await storage.head('empty-stream')).toMatchObject({ size: 0 });
  });

  test('metadata of any script comes back', async () => {
    const metadata = { owner: '42', Title: 'Žluťoučký kůň 🐎', spaced: ' a  b ', empty: '' };
    await storage.put('m', 'x', { metadata, cacheControl: 'no-store' });
    expect((await storage.head('m'))?.metadata).toEqual({
      owner: '42',
      title: metadata.Title,
      spaced: ' a  b ',
      empty: '',
    });
  });

  test('what is absent is null, in a bucket that is there', async () => {
    expect(await storage.get('absent')).toBeNull();
    expect(await storage.head('absent')).toBeNull();
    expect(await storage.open('absent')).toBeNull();
    const elsewhere = new Storage('no-such-bucket', options);
    await expect(elsewhere.get('a')).rejects.toThrow(StorageError);
  });

  test('ranges', async () => {
    await storage.put('digits', '0123456789');
    const read = async (range: NonNullable<Parameters<Storage['get']>[1]>['range']) =>
      (await storage.get('digits', { range }))?.body.toString();
    expect(await read({ start: 2, end: 4 })).toBe('234');
    expect(await read({ start: 7 })).toBe('789');
    expect(await read({ last: 2 })).toBe('89');
    expect(await storage.get('digits', { range: { start: 2, end: 4 } })).toMatchObject({ size: 10 });
    await expect(read({ start: 10 })).rejects.toMatchObject({ code: 'InvalidRange', status: 416 });
    await expect(read({ start: 4, end: 2 })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('any key', async () => {
    for (const key of [
      'a b+c',
      "it's (1)!*",
      'x/../y',
      '%41',
      'a?b=c+d=e#e',
      '日本/語.png',
      'double//slash',
      'trailing/',
      '🐎',
    ]) {
      await storage.put(key, key);
      expect((await storage.get(key))?.body.toString()).toBe(key);
    }
    await expect(storage.put('', 'x')).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(storage.put('\ud800', 'x')).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  test('only one of many creators wins', async () => {
    const creators = Array.from({ length: 8 }, (_, i) => storage.put('once', String(i), { ifNoneMatch: '*' }));
    const outcomes = await Promise.allSettled(creators);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(7);
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'PreconditionFailed', status: 412 });
    const current = await storage.head('once');
    await storage.put('once', 'changed', { ifMatch: current?.etag });
    await expect(storage.put('once', 'late', { ifMatch: current?.etag })).rejects.toMatchObject({ status: 412 });
  });

  test('what has changed is not removed on the condition that it is as it was', async () => {
    const { etag: before } = await storage.put('changing', '1');
    const { etag } = await storage.put('changing', '2');
    const removal = (ifMatch: string) => storage.remove('changing', { ifMatch });
    await expect(removal(before)).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await expect(storage.remove(['changing'], { ifMatch: etag })).rejects.toMatchObject({ code: 'InvalidArgument' });
    await removal(etag);
    await expect(removal(etag)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  test('of several, each is removed on a condition of its own', async () => {
    const [a, b] = await Promise.all(['several/a', 'several/b'].map((key) => storage.put(key, '1')));
    const { etag } = await storage.put('several/b', '2');
    const removals = [
      { key: 'several/a', ifMatch: a?.etag },
      { key: 'several/b', ifMatch: b?.etag },
      { key: 'several/never was', ifMatch: etag },
    ];
    const failed: RemovalFailure[] = [];
    await storage.remove(removals, { onFailed: (failure) => failed.push(failure) });
    expect(failed).toMatchObject([{ key: 'several/b', code: 'PreconditionFailed' }]);
    await expect(storage.remove(removals)).rejects.toMatchObject({ code: 'PreconditionFailed' });
    expect((await Array.fromAsync(storage.list({ prefix: 'several/' }))).map(({ key }) => key)).toEqual(['several/b']);
    await storage.remove([{ key: 'several/b', ifMatch: etag }]);
  });
});

describe('large objects', () => {
  test('go in parts and come back whole', async () => {
    const data = randomBytes(20 * MIB + 3);
    const progress: number[] = [];
    const onProgress = ({ loaded }: { loaded: number }) => void progress.push(loaded);
    const stored = await storage.put('large.bin', Readable.from([data.subarray(0, 5), data.subarray(5)]), {
      onProgress,
    });
    expect(stored.etag).toMatch(/-3$/);
    expect(progress.at(-1)).toBe(data.length);
    const opened = await storage.open('large.bin');
    expect(opened?.length).toBe(data.length);
    const hash = createHash('sha256');
    for await (const chunk of opened?.stream() ?? []) hash.update(chunk);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
  });

  test('leave nothing behind when they are aborted', async () => {
    const aborter = new AbortController();
    async function* endless() {
      for (let i = 0; ; i += 1) {
        if (i === 30) aborter.abort(new Error('changed my mind'));
        yield randomBytes(MIB);
      }
    }
    await expect(storage.put('aborted', endless(), { signal: aborter.signal })).rejects.toThrow('changed my mind');
    expect(await storage.head('aborted')).toBeNull();
    const { url } = await signedListOfUploads();
    expect(await (await fetch(url)).text()).not.toContain('<UploadId>');
  });

  /** The SDK has no such call; any presigned URL of the bucket's root will do. */
  async function signedListOfUploads() {
    const { S3Client, ListMultipartUploadsCommand } = await import('@aws-sdk/client-s3');
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
    const client = new S3Client({
      endpoint: store.endpoint,
      region: 'local',
      forcePathStyle: true,
      credentials: { accessKeyId: options.accessKeyId ?? '', secretAccessKey: options.secretAccessKey ?? '' },
    });
    return { url: await getSignedUrl(client, new ListMultipartUploadsCommand({ Bucket: 'photos' })) };
  }
});

describe('list, remove, copy, move', () => {
  test('lists page by page, by prefix and by directory', async () => {
    const key = await store.environment('listing');
    const listing = new Storage('listing', {
      endpoint: store.endpoint,
      accessKeyId: key.AWS_ACCESS_KEY_ID,
      secretAccessKey: key.AWS_SECRET_ACCESS_KEY,
    });
    const keys = Array.from({ length: 1_203 }, (_, i) => `d/${String(i).padStart(4, '0')} +&<é>.txt`);
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((name) => listing.put(name, 'x')));
    }
    await listing.put('top', 'xyz');
    const all = await Array.fromAsync(listing.list());
    expect(all.map((entry) => entry.key)).toEqual([...keys, 'top']);
    expect(all.at(-1)).toMatchObject({ size: 3, etag: createHash('md5').update('xyz').digest('hex') });
    expect(await Array.fromAsync(listing.list({ delimiter: '/' }))).toMatchObject([{ prefix: 'd/' }, { key: 'top' }]);
    expect(await Array.fromAsync(listing.list({ limit: 1_100 }))).toHaveLength(1_100);
    expect((await Array.fromAsync(listing.list({ prefix: 'd/000' }))).length).toBe(10);

    await listing.remove(keys);
    expect((await Array.fromAsync(listing.list())).map((entry) => entry.key)).toEqual(['top']);
    await listing.remove('top');
    await listing.remove(['top', 'never was']);
    expect(await Array.fromAsync(listing.list())).toEqual([]);
  });

  test('removes any key of a list, and none beside it', async () => {
    const odd = [
      'a b+c',
      'tab\there',
      'line\nbreak',
      'return\rhere',
      '<&>"',
      'ctl\u0001',
      '\ufffe',
      ' edge ',
      '%41',
      '𐍈é',
    ];
    const others = ['ctl', 'line break', 'A', 'edge', 'return\nhere', 'tab here'];
    for (const key of [...odd, ...others]) await storage.put(`odd/${key}`, 'x');
    await storage.remove(odd.map((key) => `odd/${key}`));
    const left = await Array.fromAsync(storage.list({ prefix: 'odd/' }));
    expect(left.map(({ key }) => key).sort()).toEqual(others.map((key) => `odd/${key}`).sort());
  });

  test('copies and moves with type and metadata', async () => {
    await storage.put('from é.png', 'picture', { metadata: { by: 'me' } });
    const original = await storage.head('from é.png');
    expect((await storage.copy('from é.png', 'copied')).etag).toBe(original?.etag);
    await storage.move('from é.png', 'moved');
    expect(await storage.head('from é.png')).toBeNull();
    for (const key of ['copied', 'moved']) {
      expect(await storage.get(key)).toMatchObject({ type: 'image/png', metadata: { by: 'me' }, size: 7 });
    }
    await expect(storage.copy('absent', 'x')).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(storage.move('absent', 'x')).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  test('a move takes away what it has copied and nothing else', async () => {
    class RacingStorage extends Storage {
      override async copy(from: string, to: string, settings?: CopyOptions) {
        const copied = await super.copy(from, to, settings);
        await storage.put(from, 'newer');
        return copied;
      }
    }
    const racing = new RacingStorage('photos', options);
    await racing.put('moving', 'old');
    await expect(racing.move('moving', 'there')).rejects.toMatchObject({ code: 'PreconditionFailed' });
    expect(String((await storage.get('moving'))?.body)).toBe('newer');
    const elsewhere = { fromBucket: 'elsewhere' } as object;
    await expect(storage.move('moving', 'there', elsewhere)).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(await storage.head('moving')).not.toBeNull();
  });
});

describe('URLs', () => {
  test('a presigned URL reads one object, for a while', async () => {
    await storage.put('shared é+ .jpg', 'pixels');
    const url = storage.url('shared é+ .jpg', { expiresIn: 60 });
    const response = await fetch(url);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'image/jpeg',
      'pixels',
    ]);
    expect((await fetch(url.replace('shared', 'digits'))).status).toBe(403);
    expect((await fetch(url.replace('Expires=60', 'Expires=600'))).status).toBe(403);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect(() => storage.url('a', { expiresIn: 8 * 24 * 3600 })).toThrow('7 days');
  });

  test('an upload URL takes one object of the type that was agreed', async () => {
    const url = storage.uploadUrl('from-browser.png', { contentType: 'image/png' });
    const wrong = await fetch(url, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/html' } });
    expect(wrong.status).toBe(403);
    const right = await fetch(url, { method: 'PUT', body: 'pixels', headers: { 'content-type': 'image/png' } });
    expect(right.status).toBe(200);
    expect(await storage.get('from-browser.png')).toMatchObject({ type: 'image/png', body: Buffer.from('pixels') });
  });

  test('a public bucket has plain URLs', async () => {
    await store.admin.ensureBucket({ name: 'photos', accessibility: 'public' });
    await storage.put('open é.txt', 'for all');
    const url = new Storage('photos', { ...options, public: true }).url('open é.txt');
    expect(url).toBe(`${store.endpoint}/photos/open%20%C3%A9.txt`);
    expect(await (await fetch(url)).text()).toBe('for all');
    await store.admin.ensureBucket({ name: 'photos', accessibility: 'private' });
    expect((await fetch(url)).status).toBe(403);
  });

  test('a key reaches its own bucket alone', async () => {
    const other = new Storage('other', options);
    await expect(other.put('a', 'b')).rejects.toMatchObject({ code: 'AccessDenied', status: 403, retryable: false });
    await expect(new Storage('photos', { ...options, secretAccessKey: 'wrong' }).get('a')).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
    });
  });
});

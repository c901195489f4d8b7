import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Client, CopyConditions } from 'minio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientBench, MiB, startClientBench, writeTree } from '../../support/s3-client-program.ts';

const BUCKET = 'minio-js';

describe('minio-js', () => {
  let bench: ClientBench;
  let minio: Client;

  beforeAll(async () => {
    bench = await startClientBench();
    const { hostname, port } = new URL(bench.store.endpoint);
    minio = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: false,
      accessKey: bench.operator.accessKeyId,
      secretKey: bench.operator.secretAccessKey,
      partSize: 5 * MiB,
    });
    await minio.makeBucket(BUCKET);
  });
  afterAll(() => bench?.[Symbol.asyncDispose]());

  test('knows its buckets', async () => {
    expect(await minio.bucketExists(BUCKET)).toBe(true);
    expect(await minio.bucketExists('elsewhere')).toBe(false);
    expect((await minio.listBuckets()).map(({ name }) => name)).toEqual([BUCKET]);
  });

  test.each([
    ['a text', 10],
    ['three parts', 12 * MiB],
  ])('puts and gets %s, as buffer and as stream', async (_what, size) => {
    const bytes = randomBytes(size);
    await minio.putObject(BUCKET, 'buffer', bytes, size, { 'Content-Type': 'image/png', 'X-Amz-Meta-Colour': 'green' });
    await minio.putObject(BUCKET, 'stream/é (1)+&', Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]));
    expect(bytes.equals(await buffer(await minio.getObject(BUCKET, 'buffer')))).toBe(true);
    expect(bytes.equals(await buffer(await minio.getObject(BUCKET, 'stream/é (1)+&')))).toBe(true);
    expect(await minio.statObject(BUCKET, 'buffer')).toMatchObject({
      size,
      metaData: { 'content-type': 'image/png', colour: 'green' },
    });
    expect(bytes.subarray(3, 7).equals(await buffer(await minio.getPartialObject(BUCKET, 'buffer', 3, 4)))).toBe(true);
  });

  test('puts and gets files, copies', async () => {
    await writeTree(bench.home, { 'file.bin': 6 * MiB });
    const bytes = await readFile(join(bench.home, 'file.bin'));
    await minio.fPutObject(BUCKET, 'file', join(bench.home, 'file.bin'));
    await minio.copyObject(BUCKET, 'copy', `/${BUCKET}/file`, new CopyConditions());
    await minio.fGetObject(BUCKET, 'copy', join(bench.home, 'back.bin'));
    expect(bytes.equals(await readFile(join(bench.home, 'back.bin')))).toBe(true);
  });

  test('lists by folder and as a whole, and removes many', async () => {
    for (const name of ['l/a', 'l/b/1', 'l/b/2', 'l/é']) await minio.putObject(BUCKET, name, 'x');
    const list = async (prefix: string, recursive: boolean) => {
      const found: (string | undefined)[] = [];
      for await (const { name, prefix: folder } of minio.listObjectsV2(BUCKET, prefix, recursive))
        found.push(name ?? folder);
      return found;
    };
    expect((await list('l/', false)).sort()).toEqual(['l/a', 'l/b/', 'l/é']);
    expect(await list('l/', true)).toEqual(['l/a', 'l/b/1', 'l/b/2', 'l/é']);
    await minio.removeObjects(BUCKET, (await list('', true)) as string[]);
    expect(await list('', true)).toEqual([]);
    await minio.removeBucket(BUCKET);
  });

  test('signs URLs for a browser', async () => {
    await minio.makeBucket('signed');
    const put = await minio.presignedPutObject('signed', 'a b', 60);
    expect((await fetch(put, { method: 'PUT', body: 'page' })).status).toBe(200);
    const get = await minio.presignedGetObject('signed', 'a b', 60, { 'response-content-type': 'text/x-test' });
    const got = await fetch(get);
    expect([await got.text(), got.headers.get('content-type')]).toEqual(['page', 'text/x-test']);
  });

  test('signs a form that a page can fill in', async () => {
    await minio.makeBucket('forms');
    const policy = minio.newPostPolicy();
    policy.setBucket('forms');
    policy.setKeyStartsWith('forms/');
    policy.setContentLengthRange(1, 100);
    policy.setExpires(new Date(Date.now() + 60_000));
    const { postURL, formData } = await minio.presignedPostPolicy(policy);
    const post = (key: string, content: string) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...formData, key })) form.append(name, value);
      form.append('file', new Blob([content]), 'a.txt');
      return fetch(postURL, { method: 'POST', body: form });
    };
    expect((await post(`forms/\${filename}`, 'hello')).status).toBe(204);
    expect((await buffer(await minio.getObject('forms', 'forms/a.txt'))).toString()).toBe('hello');
    expect((await post('elsewhere', 'hello')).status).toBe(403);
    expect((await post('forms/b', 'x'.repeat(101))).status).toBe(400);
  });
});

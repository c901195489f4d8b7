import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { PhotoAlbum, samplePicture } from '../support/photo-album.ts';

/** examples/photo-album as plain processes: what it promises about pictures, whoever crashes. */

describe('the app', () => {
  let album: PhotoAlbum;
  beforeAll(async () => {
    album = await PhotoAlbum.start();
  });
  afterAll(() => album[Symbol.asyncDispose]());

  test('serves an upload byte for byte, itself and by the presigned URL', async () => {
    const content = await samplePicture();
    const { id, key, url } = await album.upload(content);
    expect(key).toBe(`pictures/${id}.jpg`);
    for (const address of [`${album.url}/pictures/${id}`, url]) {
      const response = await fetch(address);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    }
  });

  test('answers ranges and revalidation', async () => {
    const content = await samplePicture();
    const { id } = await album.upload(content);
    const get = (headers: Record<string, string>) => fetch(`${album.url}/pictures/${id}`, { headers });
    const part = await get({ range: 'bytes=100-199' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${content.length}`]);
    expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(100, 200))).toBe(true);
    expect((await get({ range: `bytes=${content.length}-` })).status).toBe(416);
    expect((await get({ 'if-none-match': part.headers.get('etag') ?? '', 'cache-control': 'max-age=0' })).status).toBe(
      304,
    );
  });

  test('shows albums with thumbnails, and titles as text', async () => {
    const title = '<script>alert(1)</script> & "quotes"';
    const created = await fetch(`${album.url}/albums`, { method: 'POST', body: new URLSearchParams({ title }) });
    const { id } = (await created.json()) as { id: string };
    const form = new FormData();
    form.append('pictures', new Blob([await samplePicture(1600, 900)]), 'žluť.jpg');
    form.append('pictures', new Blob([await samplePicture(300, 400)]), 'b.jpg');
    const added = await fetch(`${album.url}/albums/${id}/pictures`, { method: 'POST', body: form });
    expect(added.status).toBe(201);
    const [first] = (await added.json()) as { id: string; name: string }[];
    expect(first?.name).toBe('žluť.jpg');
    await album.waitForThumbnails((await album.status()).pictures);

    const page = await (await fetch(`${album.url}/albums/${id}`, { headers: { accept: 'text/html' } })).text();
    expect(page).toContain('&#60;script&#62;');
    expect(page).not.toContain('<script>alert');
    expect(page).toContain(`src="/thumbnails/${first?.id}"`);
    expect(page).toContain('Release <b>7</b>');
    const thumbnail = await fetch(`${album.url}/thumbnails/${first?.id}`);
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
    const { width, height } = await sharp(Buffer.from(await thumbnail.arrayBuffer())).metadata();
    expect([width, height]).toEqual([1000, 563]);
  });

  test('refuses what is no picture, too large, or from another site', async () => {
    const objects = await album.objects();
    await expect(album.upload(Buffer.from('<svg onload="alert(1)"/>'), 'x.png')).rejects.toThrow('415');
    await expect(album.upload(randomBytes(3_000_000) as Buffer<ArrayBuffer>)).rejects.toThrow('415');
    const large = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), randomBytes(41 * 1024 * 1024)]);
    await expect(album.upload(large)).rejects.toThrow('413');
    const foreign = await fetch(`${album.url}/albums`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ title: 'x' }),
    });
    expect(foreign.status).toBe(403);
    expect((await fetch(`${album.url}/thumbnails/..%2f..%2fdata%2falbums.db`)).status).toBe(404);
    expect(await album.objects()).toBe(objects);
  });

  test('one bad picture of several leaves none in the bucket', async () => {
    const objects = await album.objects();
    const { id } = (await (
      await fetch(`${album.url}/albums`, { method: 'POST', body: new URLSearchParams({ title: 'mixed' }) })
    ).json()) as { id: string };
    const form = new FormData();
    form.append('pictures', new Blob([await samplePicture()]), 'good.jpg');
    form.append('pictures', new Blob(['no picture']), 'bad.jpg');
    const response = await fetch(`${album.url}/albums/${id}/pictures`, { method: 'POST', body: form });
    expect(response.status).toBe(415);
    expect(await response.json()).toEqual({ error: '“bad.jpg” is not a JPEG, PNG, WebP, AVIF or GIF picture' });
    expect(await album.objects()).toBe(objects);
  });

  test('an upload that breaks off leaves nothing in the bucket', async () => {
    const objects = await album.objects();
    const outgoing = startUpload(album.url, await samplePicture(2000, 2000));
    await outgoing.sendHalf();
    outgoing.breakOff();
    const later = await album.upload(await samplePicture());
    await waitUntil(async () => (await album.objects()) === objects + 1, {
      timeoutMs: 60_000,
      what: 'one object more',
    });
    expect((await fetch(`${album.url}/pictures/${later.id}`)).status).toBe(200);
  });

  test('deletes pictures and albums with all that belongs to them', async () => {
    const objects = await album.objects();
    const { id, url } = await album.upload(await samplePicture());
    const thumbnail = () => fetch(`${album.url}/thumbnails/${id}`);
    await waitUntil(async () => (await thumbnail()).ok, { timeoutMs: 60_000, what: 'the thumbnail' });
    expect((await fetch(`${album.url}/pictures/${id}`, { method: 'DELETE' })).status).toBe(204);
    for (const address of [url, `${album.url}/pictures/${id}`, `${album.url}/thumbnails/${id}`]) {
      expect((await fetch(address)).status).toBe(404);
    }
    expect(await album.objects()).toBe(objects);
    const albums = /\/albums\/[0-9a-z]{19}/g;
    const overview = await (await fetch(`${album.url}/`)).text();
    for (const [path] of overview.matchAll(albums)) await fetch(album.url + path, { method: 'DELETE' });
    expect(await album.status()).toMatchObject({ albums: 0, pictures: 0, thumbnails: 0 });
    expect(await album.objects()).toBe(0);
  });

  test('says how it is', async () => {
    const isWell = async () => (await fetch(`${album.url}/healthz`)).ok; // the store has three seconds to answer it
    await waitUntil(isWell, { timeoutMs: 60_000, what: 'a good answer' });
    await album.store.admin.destroyBucket({ name: 'photos-images' });
    expect((await fetch(`${album.url}/healthz`)).status).toBe(500);
  });
});

describe('after a crash', () => {
  test('every acknowledged picture is there and gets its thumbnail', async () => {
    await using album = await PhotoAlbum.start();
    const content = await samplePicture(1200, 900);
    const uploads = [];
    for (let round = 0; round < 3; round += 1) {
      uploads.push(...(await Promise.all(Array.from({ length: 4 }, () => album.upload(content)))));
      await Promise.all([album.worker.stop('SIGKILL'), album.web.stop('SIGKILL')]);
      await album.startWeb();
      await album.startWorker();
    }
    await album.waitForThumbnails(uploads.length);
    for (const { id } of uploads) {
      const response = await fetch(`${album.url}/pictures/${id}`);
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    }
    expect(await album.pending()).toEqual([]);
    for (const box of ['results', 'failed']) {
      // A writer that was killed may leave its temporary file; a message has its name only when it is whole.
      const messages = async () => (await readdir(join(album.shared, box))).filter((name) => name.endsWith('.json'));
      const empty = async () => (await messages()).length === 0;
      await waitUntil(empty, { timeoutMs: 60_000, what: `an empty ${box}` });
    }
  });

  test('a thumbnail whose job was never written is asked for again', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id } = await album.upload(await samplePicture());
    await album.web.stop('SIGKILL');
    await album.jobs.remove(`${id}.json`);
    await album.startWeb();
    await album.startWorker();
    await album.waitForThumbnails(1);
  });
});

test('SIGTERM lets an upload end', async () => {
  await using album = await PhotoAlbum.start();
  const content = await samplePicture(1500, 1500);
  const outgoing = startUpload(album.url, content);
  await outgoing.sendHalf();
  const stopped = album.web.stop('SIGTERM');
  const refused = () =>
    fetch(`${album.url}/healthz`).then(
      () => false,
      () => true,
    );
  await waitUntil(refused, { timeoutMs: 60_000, what: 'the end of listening' });
  const { status, body } = await outgoing.finish();
  expect(status).toBe(201);
  expect(await stopped).toBe(0);
  await album.startWeb();
  const response = await fetch(`${album.url}/pictures/${JSON.parse(body).id}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
});

/** One upload in two halves. */
function startUpload(url: string, content: Buffer) {
  const head = '--b\r\ncontent-disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--b--\r\n')]);
  const outgoing = request(`${url}/upload`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': body.length },
  });
  const answer = new Promise<{ status: number; body: string }>((resolve, reject) => {
    outgoing.on('error', reject).on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
  });
  answer.catch(() => {});
  const half = Math.floor(body.length / 2);
  return {
    sendHalf: () => new Promise((resolve) => outgoing.write(body.subarray(0, half), resolve)),
    finish: () => {
      outgoing.end(body.subarray(half));
      return answer;
    },
    breakOff: () => outgoing.destroy(),
  };
}

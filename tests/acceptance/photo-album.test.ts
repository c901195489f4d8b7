import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../examples/photo-album/src/claim.ts';
import type { SharedFolder } from '../../examples/photo-album/src/shared-folder.ts';
import type { PutData, PutOptions, Storage } from '../../sdk/src/index.ts';
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
      timeoutMs: 10_000,
      what: 'one object more',
    });
    expect((await fetch(`${album.url}/pictures/${later.id}`)).status).toBe(200);
  });

  test('deletes pictures and albums with all that belongs to them', async () => {
    const objects = await album.objects();
    const { id, url } = await album.upload(await samplePicture());
    const thumbnail = () => fetch(`${album.url}/thumbnails/${id}`);
    await waitUntil(async () => (await thumbnail()).ok, { timeoutMs: 30_000, what: 'the thumbnail' });
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
    expect((await fetch(`${album.url}/healthz`)).status).toBe(200);
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
    expect(await pending(album)).toEqual([]);
    for (const box of ['results', 'failed']) {
      // A writer that was killed may leave its temporary file; a message has its name only when it is whole.
      const messages = async () => (await readdir(join(album.shared, box))).filter((name) => name.endsWith('.json'));
      const empty = async () => (await messages()).length === 0;
      await waitUntil(empty, { timeoutMs: 5_000, what: `an empty ${box}` });
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

describe('the worker', () => {
  test('sets aside what cannot be decoded and goes on', async () => {
    await using album = await PhotoAlbum.start();
    const broken = (await samplePicture()).subarray(0, 200);
    const { id } = await album.upload(broken);
    await album.upload(await samplePicture());
    await album.waitForThumbnails(1);
    expect(JSON.parse(await readFile(join(album.shared, 'failed', `${id}.json`), 'utf8'))).toMatchObject({
      key: `pictures/${id}.jpg`,
      reason: expect.stringMatching(/\w/),
    });
    const page = await (await fetch(`${album.url}/albums/0000000000000000000`)).text();
    expect(page).toContain('No preview');
    expect((await fetch(`${album.url}/pictures/${id}`)).status).toBe(200);
  });

  test('sets aside what has ended it three times', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id, key } = await album.upload(await samplePicture());
    await album.jobs.put(`${id}.json`, JSON.stringify({ key, attempts: 3 }));
    await album.startWorker();
    const reason = async () => {
      const file = await readFile(join(album.shared, 'failed', `${id}.json`), 'utf8').catch(() => undefined);
      return file && (JSON.parse(file).reason as string);
    };
    expect(await waitUntil(reason, { timeoutMs: 10_000, what: 'the failure' })).toContain('ended 3 times');
  });

  test('does what is left to do when the thumbnail is there, however often the job was begun', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id, key } = await album.upload(await samplePicture());
    const folder = await openFolder(album);
    await folder.writeThumbnail(id, await samplePicture(40, 30));
    await album.jobs.put(`${id}.json`, JSON.stringify({ key, attempts: 3 }));
    await album.startWorker();
    await album.waitForThumbnails(1);
    expect(await folder.failed.pending()).toEqual([]);
  });

  test('counts no attempt that it makes while it is told to stop', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id, key } = await album.upload(await samplePicture());
    await album.jobs.put(`${id}.json`, JSON.stringify({ key, attempts: 1 }));
    const stopping = new AbortController();
    const attempts: number[] = [];
    const jobs = override(album.jobs, {
      async put(name: string, data: PutData, options?: PutOptions) {
        const stored = await album.jobs.put(name, data, options);
        attempts.push(JSON.parse(String(data)).attempts);
        if (attempts.at(-1) === 2) stopping.abort();
        return stored;
      },
    });
    await (await openThumbnailer(album, { jobs })).process(id, stopping.signal);
    expect(attempts).toEqual([1, 2, 1]); // claimed, begun, taken back
    await album.waitForThumbnails(1);
  });

  test('counts no attempt that ends because the disk is away', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id, key } = await album.upload(await samplePicture());
    const folder = override(await openFolder(album), {
      writeThumbnail: () => Promise.reject(new Error('no space left')),
    });
    const { signal } = new AbortController();
    await expect((await openThumbnailer(album, { folder })).process(id, signal)).rejects.toThrow('no space left');
    expect(await album.job(id)).toEqual({ key, attempts: 0 });
  });

  test('leaves to another worker the last word on a picture that it gives up', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    const { id, key } = await album.upload(await samplePicture());
    await album.jobs.put(`${id}.json`, JSON.stringify({ key, attempts: 3 }));
    const folder = await openFolder(album);
    const failed = override(folder.failed, {
      async send(name: string, job: Job & { reason: string }) {
        await folder.writeThumbnail(name, await samplePicture(40, 30)); // the other one, at this moment
        await folder.failed.send(name, job);
      },
    });
    await (await openThumbnailer(album, { folder: override(folder, { failed }) })).process(
      id,
      new AbortController().signal,
    );
    await album.waitForThumbnails(1);
    expect(await folder.failed.pending()).toEqual([]);
    expect(await pending(album)).toEqual([]);
  });

  test('waits while the bucket cannot be reached', async () => {
    await using album = await PhotoAlbum.start();
    await album.worker.stop();
    await album.upload(await samplePicture());
    const { AWS_ENDPOINT_URL_S3: endpoint = '' } = album.environment;
    let refused = 0;
    const away = createServer((socket) => {
      refused += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => away.listen(0, '127.0.0.1', resolve));
    album.environment.AWS_ENDPOINT_URL_S3 = `http://127.0.0.1:${(away.address() as AddressInfo).port}`;
    await album.startWorker();
    await waitUntil(() => refused >= 2, { timeoutMs: 10_000, what: 'two tries' });
    expect(await album.worker.stop()).toBe(0);
    await new Promise((resolve) => away.close(resolve));
    expect(await pending(album)).toHaveLength(1);
    album.environment.AWS_ENDPOINT_URL_S3 = endpoint;
    await album.startWorker();
    await album.waitForThumbnails(1);
  });
});

describe('several workers', () => {
  test('share the pictures: each thumbnail is made once', async () => {
    await using album = await PhotoAlbum.start({ claimMs: 60_000 });
    const workers = [album.worker, ...(await Promise.all([1, 2, 3].map(() => album.anotherWorker())))];
    const content = await samplePicture(1200, 900);
    const uploads = await Promise.all(Array.from({ length: 24 }, () => album.upload(content)));
    await album.waitForThumbnails(uploads.length);
    await Promise.all(workers.map((worker) => worker.stop()));
    const made = workers.map(({ lines }) => lines.filter((line) => line.endsWith(' made')));
    expect(made.flat().sort()).toEqual(uploads.map(({ id }) => `thumbnail of ${id} made`).sort());
    expect(made.filter((lines) => lines.length > 0).length).toBeGreaterThan(1);
    expect(await pending(album)).toEqual([]);
  });

  test('one goes on with the picture that another one was killed at', async () => {
    await using album = await PhotoAlbum.start();
    const { id } = await caughtAtWork(album);
    const next = await album.anotherWorker();
    await album.worker.stop('SIGKILL');
    await waitUntil(() => next.lines.includes(`thumbnail of ${id} made`), { timeoutMs: 30_000, what: 'the thumbnail' });
    await waitUntil(async () => (await album.job(id)) === undefined, { timeoutMs: 5_000, what: 'the end of the job' });
    expect((await fetch(`${album.url}/thumbnails/${id}`)).status).toBe(200);
  });

  test('one that stood still for longer than its claim spoils nothing', async () => {
    await using album = await PhotoAlbum.start();
    const { id } = await caughtAtWork(album);
    const next = await album.anotherWorker();
    const made = `thumbnail of ${id} made`;
    await waitUntil(() => next.lines.includes(made), { timeoutMs: 30_000, what: 'the thumbnail' });
    album.worker.signal('SIGCONT');
    await waitUntil(() => album.worker.lines.includes(made), { timeoutMs: 30_000, what: 'the late thumbnail' });
    expect(await pending(album)).toEqual([]);
    expect(await readdir(join(album.shared, 'failed'))).toEqual([]);
    await album.waitForThumbnails((await album.status()).pictures);
  });
});

test('SIGTERM lets an upload end', async () => {
  await using album = await PhotoAlbum.start();
  const content = await samplePicture(1500, 1500);
  const outgoing = startUpload(album.url, content);
  await outgoing.sendHalf();
  const stopped = album.web.stop('SIGTERM');
  await expect.poll(() => fetch(`${album.url}/healthz`).catch(() => 'refused')).toBe('refused');
  const { status, body } = await outgoing.finish();
  expect(status).toBe(201);
  expect(await stopped).toBe(0);
  await album.startWeb();
  const response = await fetch(`${album.url}/pictures/${JSON.parse(body).id}`);
  expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
});

/** The services' own parts, of this process. */
async function openFolder({ shared }: PhotoAlbum): Promise<SharedFolder> {
  const { openSharedFolder } = await import('../../examples/photo-album/src/shared-folder.ts');
  return openSharedFolder(shared);
}

async function openThumbnailer(album: PhotoAlbum, parts: { jobs?: Storage; folder?: SharedFolder }) {
  const { Thumbnailer } = await import('../../examples/photo-album/src/thumbnailer.ts');
  const { JobQueue } = await import('../../examples/photo-album/src/job-queue.ts');
  const { jobs = album.jobs, folder = await openFolder(album) } = parts;
  return new Thumbnailer(album.images, new JobQueue(jobs, { claimMs: 2_000 }), folder);
}

async function pending(album: PhotoAlbum): Promise<string[]> {
  return (await Array.fromAsync(album.jobs.list())).map(({ key }) => key);
}

/** A worker that stands still (SIGSTOP) in the middle of a picture. */
async function caughtAtWork(album: PhotoAlbum): Promise<{ readonly id: string }> {
  const content = await samplePicture(3000, 2000);
  for (;;) {
    const { id } = await album.upload(content);
    await waitUntil(async () => (await album.job(id))?.attempts !== 0, { timeoutMs: 10_000, what: 'the attempt' });
    album.worker.signal('SIGSTOP');
    if ((await album.job(id))?.attempts === 1) return { id };
    album.worker.signal('SIGCONT'); // it was faster
  }
}

/** The same object but for some methods. */
function override<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get: (target, name) => {
      const value = Reflect.get(name in methods ? methods : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

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

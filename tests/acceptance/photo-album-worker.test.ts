import { readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../examples/photo-album/src/claim.ts';
import type { SharedFolder } from '../../examples/photo-album/src/shared-folder.ts';
import type { PutData, PutOptions, Storage } from '../../sdk/src/index.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { PhotoAlbum, samplePicture } from '../support/photo-album.ts';

/** The worker of examples/photo-album: whatever ends it, each picture gets its thumbnail or is set aside. */

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
    expect(await waitUntil(reason, { timeoutMs: 60_000, what: 'the failure' })).toContain('ended 3 times');
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
    expect(await album.pending()).toEqual([]);
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
    await waitUntil(() => refused >= 2, { timeoutMs: 60_000, what: 'two tries' });
    expect(await album.worker.stop()).toBe(0);
    await new Promise((resolve) => away.close(resolve));
    expect(await album.pending()).toHaveLength(1);
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
    expect(await album.pending()).toEqual([]);
  });

  test('one goes on with the picture that another one was killed at', async () => {
    await using album = await PhotoAlbum.start();
    const { id } = await caughtAtWork(album);
    const next = await album.anotherWorker();
    await album.worker.stop('SIGKILL');
    await waitUntil(() => next.lines.includes(`thumbnail of ${id} made`), { timeoutMs: 60_000, what: 'the thumbnail' });
    await waitUntil(async () => (await album.job(id)) === undefined, { timeoutMs: 60_000, what: 'the end of the job' });
    expect((await fetch(`${album.url}/thumbnails/${id}`)).status).toBe(200);
  });

  test('one that stood still for longer than its claim spoils nothing', async () => {
    await using album = await PhotoAlbum.start();
    const { id } = await caughtAtWork(album);
    const next = await album.anotherWorker();
    const made = `thumbnail of ${id} made`;
    await waitUntil(() => next.lines.includes(made), { timeoutMs: 60_000, what: 'the thumbnail' });
    album.worker.signal('SIGCONT');
    await waitUntil(() => album.worker.lines.includes(made), { timeoutMs: 60_000, what: 'the late thumbnail' });
    expect(await album.pending()).toEqual([]);
    expect(await readdir(join(album.shared, 'failed'))).toEqual([]);
    await album.waitForThumbnails((await album.status()).pictures);
  });
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
  return new Thumbnailer(album.images, new JobQueue(jobs, { claimMs: 60_000 }), folder);
}

/** A worker that stands still (SIGSTOP) in the middle of a picture. */
async function caughtAtWork(album: PhotoAlbum): Promise<{ readonly id: string }> {
  const content = await samplePicture(3000, 2000);
  const folder = await openFolder(album);
  for (;;) {
    const { id } = await album.upload(content);
    await waitUntil(async () => (await album.job(id))?.attempts !== 0, { timeoutMs: 60_000, what: 'the attempt' });
    album.worker.signal('SIGSTOP');
    const isAtWork = (await album.job(id))?.attempts === 1 && !(await folder.hasThumbnail(id));
    if (isAtWork) return { id };
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

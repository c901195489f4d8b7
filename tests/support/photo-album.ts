import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import type { Job } from '../../examples/photo-album/src/claim.ts';
import { Storage } from '../../sdk/src/index.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { startObjectStore, type TestObjectStore } from './object-store.ts';
import { type StartedProcess, startProcess } from './started-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { repository } from './test-platform.ts';

const example = join(repository, 'examples', 'photo-album');
const images = 'photos-images';
const jobs = 'photos-jobs';

export interface AlbumStatus {
  readonly release: string;
  readonly instance: string;
  readonly albums: number;
  readonly pictures: number;
  readonly thumbnails: number;
}

/** The services of examples/photo-album as plain processes, over the real object store and a temporary directory. */
export class PhotoAlbum implements AsyncDisposable {
  readonly store: TestObjectStore;
  readonly directory: string;
  readonly environment: Record<string, string>;
  readonly #dispose: () => Promise<void>;
  #web: StartedProcess | undefined;
  #worker: StartedProcess | undefined;
  readonly #started: StartedProcess[] = [];

  private constructor(
    store: TestObjectStore,
    parts: { directory: string; environment: Record<string, string>; dispose: () => Promise<void> },
  ) {
    this.store = store;
    this.directory = parts.directory;
    this.environment = parts.environment;
    this.#dispose = parts.dispose;
  }

  /** With both services running. A worker that is killed keeps its picture for `claimMs`. */
  static async start({ claimMs = 2_000 } = {}): Promise<PhotoAlbum> {
    await buildSdk();
    const temporary = await temporaryDirectory();
    const store = await startObjectStore(images, jobs);
    const album = new PhotoAlbum(store, {
      directory: temporary.path,
      environment: {
        ...(await store.environment(images, jobs)),
        IMAGES_BUCKET_NAME: images,
        JOBS_BUCKET_NAME: jobs,
        CLAIM_MS: String(claimMs),
      },
      dispose: async () => {
        await store[Symbol.asyncDispose]();
        await temporary[Symbol.asyncDispose]();
      },
    });
    await mkdir(join(album.directory, 'data'));
    await mkdir(album.shared);
    await album.startWeb();
    await album.startWorker();
    return album;
  }

  get images(): Storage {
    return this.#open(images);
  }

  get jobs(): Storage {
    return this.#open(jobs);
  }

  /** Keys of the jobs that are not done. */
  async pending(): Promise<string[]> {
    return (await Array.fromAsync(this.jobs.list())).map(({ key }) => key);
  }

  /** As it is in the bucket; `undefined` when it is done. */
  async job(id: string): Promise<Job | undefined> {
    const found = await this.jobs.get(`${id}.json`);
    return found === null ? undefined : JSON.parse(found.body.toString());
  }

  get shared(): string {
    return join(this.directory, 'shared');
  }

  get url(): string {
    return this.web.firstLine;
  }

  get web(): StartedProcess {
    if (!this.#web) throw new Error('web is not running');
    return this.#web;
  }

  get worker(): StartedProcess {
    if (!this.#worker) throw new Error('the worker is not running');
    return this.#worker;
  }

  async startWeb(): Promise<void> {
    this.#web = await this.#start('src/server.ts');
  }

  /** In place of the one there was, which has ended. */
  async startWorker(): Promise<void> {
    this.#worker = await this.anotherWorker();
  }

  /** Beside those there are. */
  async anotherWorker(): Promise<StartedProcess> {
    const worker = await this.#start('src/worker.ts');
    this.#started.push(worker);
    return worker;
  }

  /** Sends one picture; the answer's JSON. @throws unless it is 201 */
  async upload(
    content: Uint8Array<ArrayBuffer>,
    name = 'picture.jpg',
  ): Promise<{ id: string; key: string; url: string }> {
    const form = new FormData();
    form.set('picture', new Blob([content]), name);
    const response = await fetch(`${this.url}/upload`, { method: 'POST', body: form });
    if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as { id: string; key: string; url: string };
  }

  async status(): Promise<AlbumStatus> {
    return (await (await fetch(`${this.url}/api/status`)).json()) as AlbumStatus;
  }

  async waitForThumbnails(count: number): Promise<void> {
    const reached = async () => (await this.status()).thumbnails === count;
    await waitUntil(reached, { timeoutMs: 60_000, what: `${count} thumbnails` });
  }

  async objects(): Promise<number> {
    const buckets = await this.store.admin.listBuckets({});
    return buckets.find(({ name }) => name === images)?.objects ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#web?.stop('SIGKILL');
    await Promise.all(this.#started.map((worker) => worker.stop('SIGKILL')));
    await this.#dispose();
  }

  #open(bucket: string): Storage {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = this.environment;
    return new Storage(bucket, {
      endpoint: this.store.endpoint,
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
    });
  }

  #start(entry: string): Promise<StartedProcess> {
    const env = {
      PATH: process.env.PATH,
      ...this.environment,
      PORT: '0',
      DATA_DIR: join(this.directory, 'data'),
      SHARED_DIR: this.shared,
      HOLDFAST_RELEASE: '7',
      HOLDFAST_INSTANCE: 'web-test',
    };
    return startProcess([process.execPath, entry], { cwd: example, env });
  }
}

let sdk: Promise<unknown> | undefined;

/** What the services import; once for all tests of a file. */
async function buildSdk(): Promise<void> {
  sdk ??= promisify(execFile)(process.execPath, [join(repository, 'sdk', 'build.mjs')]);
  await sdk;
}

/** A JPEG that no other call makes. */
export async function samplePicture(width = 640, height = 480): Promise<Buffer<ArrayBuffer>> {
  const create = {
    width,
    height,
    channels: 3,
    background: 'black',
    noise: { type: 'gaussian', mean: 128, sigma: 40 },
  } as const;
  return (await sharp({ create }).jpeg().toBuffer()) as Buffer<ArrayBuffer>;
}

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { waitUntil } from '../../src/core/retry.ts';
import { startObjectStore, type TestObjectStore } from './object-store.ts';
import { type StartedProcess, startProcess } from './started-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { repository } from './test-platform.ts';

const example = join(repository, 'examples', 'photo-album');
const bucket = 'photos-images';

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

  private constructor(
    store: TestObjectStore,
    parts: { directory: string; environment: Record<string, string>; dispose: () => Promise<void> },
  ) {
    this.store = store;
    this.directory = parts.directory;
    this.environment = parts.environment;
    this.#dispose = parts.dispose;
  }

  /** With both services running. */
  static async start(): Promise<PhotoAlbum> {
    await promisify(execFile)(process.execPath, [join(repository, 'sdk', 'build.mjs')]);
    const temporary = await temporaryDirectory();
    const store = await startObjectStore(bucket);
    const album = new PhotoAlbum(store, {
      directory: temporary.path,
      environment: { ...(await store.environment(bucket)), IMAGES_BUCKET_NAME: bucket },
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

  async startWorker(): Promise<void> {
    this.#worker = await this.#start('src/worker.ts');
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
    await waitUntil(reached, { timeoutMs: 30_000, what: `${count} thumbnails` });
  }

  async objects(): Promise<number> {
    const buckets = await this.store.admin.listBuckets({});
    return buckets.find(({ name }) => name === bucket)?.objects ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#web?.stop('SIGKILL');
    await this.#worker?.stop('SIGKILL');
    await this.#dispose();
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

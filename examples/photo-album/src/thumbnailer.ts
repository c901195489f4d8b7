import type { Storage } from '@holdfast/storage';
import sharp from 'sharp';
import type { SharedFolder, ThumbnailJob, ThumbnailResult } from './shared-folder.ts';

const WIDTH = 1000;
const HEIGHT = 1200;
/** A picture that has ended the worker so often (out of memory, a fault in a decoder) is not tried again. */
const MAX_ATTEMPTS = 3;
const MAX_PIXELS = 120_000_000;

sharp.cache(false);

/**
 * Makes one thumbnail at a time. Every step may be repeated, also by two workers at once: what one of them has made
 * is made, whatever the other one thinks of the picture.
 */
export class Thumbnailer {
  readonly #storage: Storage;
  readonly #shared: SharedFolder;

  constructor(storage: Storage, shared: SharedFolder) {
    this.#storage = storage;
    this.#shared = shared;
  }

  /** @throws what is worth another try: bucket or disk do not answer, or `signal` */
  async process(id: string, signal: AbortSignal): Promise<void> {
    const { jobs } = this.#shared;
    const job = await jobs.read(id);
    if (job === undefined) return;
    const picture = await this.#storage.get(job.key, { signal });
    if (picture === null) return jobs.remove(id); // deleted meanwhile
    if (await this.#shared.hasThumbnail(id)) return this.#report(id, picture.body);
    if (job.attempts >= MAX_ATTEMPTS) {
      const reason = `the worker ended ${job.attempts} times while it decoded the picture`;
      return this.#giveUp(id, { job, reason, picture: picture.body });
    }
    const endAttempt = await this.#beginAttempt(id, job, signal);
    const image = await makeThumbnail(picture.body).catch((error: Error) => error);
    await endAttempt();
    if (image instanceof Error) return this.#giveUp(id, { job, reason: image.message, picture: picture.body });
    await this.#shared.writeThumbnail(id, image);
    await this.#report(id, picture.body);
    console.log(`thumbnail of ${id} made`);
  }

  /** Counted before decoding, which is what may end this process. Told to stop, it may be ended by others: not counted. */
  async #beginAttempt(id: string, job: ThumbnailJob, signal: AbortSignal): Promise<() => Promise<void>> {
    const { jobs } = this.#shared;
    signal.throwIfAborted();
    await jobs.send(id, { ...job, attempts: job.attempts + 1 });
    let takenBack = Promise.resolve();
    const takeBack = () => {
      takenBack = jobs.send(id, job).catch((error) => console.error(`attempt at ${id} stays counted:`, error));
    };
    if (signal.aborted) takeBack();
    signal.addEventListener('abort', takeBack, { once: true });
    return () => {
      signal.removeEventListener('abort', takeBack);
      return takenBack;
    };
  }

  /** Tells web of the thumbnail, whoever made it. */
  async #report(id: string, picture: Buffer): Promise<void> {
    const { jobs, results, failed } = this.#shared;
    await results.send(id, await describe(picture, this.#shared.thumbnailPath(id)));
    await failed.remove(id);
    await jobs.remove(id);
  }

  async #giveUp(
    id: string,
    { job, reason, picture }: { readonly job: ThumbnailJob; readonly reason: string; readonly picture: Buffer },
  ): Promise<void> {
    const { jobs, results, failed } = this.#shared;
    await failed.send(id, { ...job, reason });
    await results.send(id, { status: 'failed', reason });
    // Looked for last: who makes it after this look also reports it after what we have said.
    if (await this.#shared.hasThumbnail(id)) return this.#report(id, picture);
    await jobs.remove(id);
    console.error(`no thumbnail of ${id}: ${reason}`);
  }
}

function makeThumbnail(picture: Buffer): Promise<Buffer> {
  const source = sharp(picture, { limitInputPixels: MAX_PIXELS, autoOrient: true });
  const small = source.resize({ width: WIDTH, height: HEIGHT, fit: 'inside', withoutEnlargement: true });
  return small.webp({ quality: 80 }).toBuffer();
}

async function describe(picture: Buffer, thumbnailPath: string): Promise<ThumbnailResult> {
  const { autoOrient } = await sharp(picture).metadata();
  const pixel = await sharp(thumbnailPath)
    .flatten()
    .toColourspace('srgb')
    .resize(1, 1, { fit: 'fill' })
    .raw()
    .toBuffer();
  const color = `#${pixel.subarray(0, 3).toString('hex')}`;
  return { status: 'ready', width: autoOrient.width, height: autoOrient.height, color };
}

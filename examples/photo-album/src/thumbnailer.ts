import type { Storage } from '@holdfast/storage';
import sharp from 'sharp';
import type { Claim } from './claim.ts';
import type { JobQueue } from './job-queue.ts';
import type { SharedFolder, ThumbnailResult } from './shared-folder.ts';

const WIDTH = 1000;
const HEIGHT = 1200;
/** A picture that has ended the worker so often (out of memory, a fault in a decoder) is not tried again. */
const MAX_ATTEMPTS = 3;
const MAX_PIXELS = 120_000_000;

sharp.cache(false);

interface Work {
  readonly id: string;
  readonly claim: Claim;
  readonly picture: Buffer;
}

/**
 * Makes one thumbnail at a time. Every step may be repeated, also by two workers at once (job-queue.ts says when): what
 * one of them has made is made, whatever the other one thinks of the picture.
 */
export class Thumbnailer {
  readonly #images: Storage;
  readonly #jobs: JobQueue;
  readonly #shared: SharedFolder;

  constructor(images: Storage, jobs: JobQueue, shared: SharedFolder) {
    this.#images = images;
    this.#jobs = jobs;
    this.#shared = shared;
  }

  /** Does the job unless another worker does. @throws what is worth another try: bucket or disk do not answer, or `signal` */
  async process(id: string, signal: AbortSignal): Promise<void> {
    const claim = await this.#jobs.claim(id);
    if (claim === undefined) return;
    try {
      await this.#work(id, claim, signal);
    } catch (error) {
      await claim.release().catch((failure) => console.error(`claim of ${id} not released:`, failure));
      throw error;
    }
  }

  async #work(id: string, claim: Claim, signal: AbortSignal): Promise<void> {
    const { job } = claim;
    const picture = await this.#images.get(job.key, { signal });
    if (picture === null) return claim.complete(); // deleted meanwhile
    const work = { id, claim, picture: picture.body };
    if (await this.#shared.hasThumbnail(id)) return this.#report(work);
    if (job.attempts >= MAX_ATTEMPTS) {
      return this.#giveUp(work, `the worker ended ${job.attempts} times while it decoded the picture`);
    }
    signal.throwIfAborted();
    if (!(await claim.beginAttempt())) return;
    const image = await uncountedWhen(signal, claim, () => makeThumbnail(picture.body).catch((error: Error) => error));
    if (image instanceof Error) return this.#giveUp(work, image.message);
    await this.#shared.writeThumbnail(id, image);
    await this.#report(work);
    console.log(`thumbnail of ${id} made`);
  }

  /** Tells web of the thumbnail, whoever made it. */
  async #report({ id, claim, picture }: Work): Promise<void> {
    const { results, failed } = this.#shared;
    await results.send(`${id}-ready`, await describe(picture, this.#shared.thumbnailPath(id)));
    await failed.remove(id);
    await claim.complete();
  }

  async #giveUp(work: Work, reason: string): Promise<void> {
    const { id, claim } = work;
    const { results, failed } = this.#shared;
    await failed.send(id, { key: claim.job.key, attempts: claim.job.attempts, reason });
    await results.send(`${id}-failed`, { status: 'failed', reason });
    // Looked for last: who makes it after this look also reports it after what we have said.
    if (await this.#shared.hasThumbnail(id)) return this.#report(work);
    await claim.complete();
    console.error(`no thumbnail of ${id}: ${reason}`);
  }
}

/** Told to stop, this process may be ended by others while it decodes: then the attempt does not count. */
async function uncountedWhen<T>(signal: AbortSignal, claim: Claim, decode: () => Promise<T>): Promise<T> {
  const takeBack = () => {
    claim.takeBackAttempt().catch((error) => console.error('an attempt stays counted:', error));
  };
  if (signal.aborted) takeBack();
  signal.addEventListener('abort', takeBack, { once: true });
  try {
    return await decode();
  } finally {
    signal.removeEventListener('abort', takeBack);
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

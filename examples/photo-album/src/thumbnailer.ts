import type { Storage } from '@holdfast/storage';
import sharp from 'sharp';
import type { SharedFolder, ThumbnailResult } from './shared-folder.ts';

const WIDTH = 1000;
const HEIGHT = 1200;
/** A picture that has ended the worker so often (out of memory, a fault in a decoder) is not tried again. */
const MAX_ATTEMPTS = 3;
const MAX_PIXELS = 120_000_000;

sharp.cache(false);

/** Makes one thumbnail at a time. Every step may be repeated, also by two workers at once. */
export class Thumbnailer {
  readonly #storage: Storage;
  readonly #shared: SharedFolder;

  constructor(storage: Storage, shared: SharedFolder) {
    this.#storage = storage;
    this.#shared = shared;
  }

  /** @throws what is worth another try: bucket or disk do not answer, or `signal` */
  async process(id: string, signal: AbortSignal): Promise<void> {
    const { jobs, results, failed } = this.#shared;
    const job = await jobs.read(id);
    if (job === undefined) return;
    if (job.attempts >= MAX_ATTEMPTS) {
      return this.#giveUp(id, `the worker ended ${job.attempts} times while it decoded the picture`);
    }
    const picture = await this.#storage.get(job.key, { signal });
    if (picture === null) return jobs.remove(id); // deleted meanwhile

    // Counted before decoding, which is what may end this process.
    await jobs.send(id, { ...job, attempts: job.attempts + 1 });
    const made = await makeThumbnail(picture.body).catch((error: Error) => error);
    if (made instanceof Error) return this.#giveUp(id, made.message);

    await this.#shared.writeThumbnail(id, made.image);
    await results.send(id, made.result);
    await failed.remove(id);
    await jobs.remove(id);
    console.log(`thumbnail of ${id} made`);
  }

  async #giveUp(id: string, reason: string): Promise<void> {
    const { jobs, results, failed } = this.#shared;
    const job = await jobs.read(id);
    if (job !== undefined) await failed.send(id, { ...job, reason });
    await results.send(id, { status: 'failed', reason });
    await jobs.remove(id);
    console.error(`no thumbnail of ${id}: ${reason}`);
  }
}

async function makeThumbnail(picture: Buffer): Promise<{ image: Buffer; result: ThumbnailResult }> {
  const source = sharp(picture, { limitInputPixels: MAX_PIXELS, autoOrient: true });
  const { autoOrient } = await source.metadata();
  const small = source.resize({ width: WIDTH, height: HEIGHT, fit: 'inside', withoutEnlargement: true });
  const image = await small.webp({ quality: 80 }).toBuffer();
  const pixel = await sharp(image).flatten().toColourspace('srgb').resize(1, 1, { fit: 'fill' }).raw().toBuffer();
  const color = `#${pixel.subarray(0, 3).toString('hex')}`;
  return { image, result: { status: 'ready', width: autoOrient.width, height: autoOrient.height, color } };
}

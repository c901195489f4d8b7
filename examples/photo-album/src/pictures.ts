import type { Readable } from 'node:stream';
import type { Storage } from '@holdfast/storage';
import { newId } from './ids.ts';
import type { JobQueue } from './job-queue.ts';
import type { Library, NewPicture, Picture } from './library.ts';
import { FORMAT_BYTES, pictureFormat } from './picture-format.ts';
import type { SharedFolder } from './shared-folder.ts';

/** A picture in the bucket that the catalogue does not know yet. */
export type StoredPicture = Omit<NewPicture, 'albumId'>;

export class NotAPicture extends Error {
  constructor(name: string) {
    super(`“${name}” is not a JPEG, PNG, WebP, AVIF or GIF picture`);
  }
}

export interface PictureHomes {
  /** Their bytes. */
  readonly storage: Storage;
  /** The catalogue. */
  readonly library: Library;
  /** Thumbnails to make. */
  readonly jobs: JobQueue;
  /** Thumbnails. */
  readonly shared: SharedFolder;
}

export class Pictures {
  readonly #storage: Storage;
  readonly #library: Library;
  readonly #jobs: JobQueue;
  readonly #shared: SharedFolder;

  constructor({ storage, library, jobs, shared }: PictureHomes) {
    this.#storage = storage;
    this.#library = library;
    this.#jobs = jobs;
    this.#shared = shared;
  }

  /** Streams the bytes into the bucket. @throws NotAPicture */
  async store(name: string, bytes: Readable): Promise<StoredPicture> {
    const id = newId();
    const chunks = bytes[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const start = await takeAtLeast(chunks, FORMAT_BYTES);
    const format = pictureFormat(start);
    if (format === undefined) throw new NotAPicture(name);
    const key = `pictures/${id}.${format.extension}`;
    const metadata = { name: name.slice(0, 200) };
    const stored = await this.#storage.put(key, concat(start, chunks), { contentType: format.type, metadata });
    return { id, key, name, type: format.type, size: stored.size, etag: stored.etag };
  }

  /** For pictures that were stored and will not be added. */
  async discard(key: string): Promise<void> {
    await this.#storage.remove(key);
  }

  /** Bucket and catalogue hold the picture durably when it resolves; the thumbnail follows. */
  async add(albumId: string, stored: StoredPicture): Promise<void> {
    try {
      this.#library.addPicture({ albumId, ...stored });
    } catch (error) {
      await this.discard(stored.key).catch(() => {});
      throw error;
    }
    // The picture is safe without it: `recover` asks again for thumbnails that are missing.
    await this.#jobs.add(stored.id, stored.key).catch((error) => console.error('no thumbnail requested:', error));
  }

  async remove(picture: Picture): Promise<void> {
    this.#library.markRemoved(picture.id);
    await this.#finishRemoval(picture);
  }

  async removeAlbum(id: string): Promise<void> {
    const pictures = this.#library.pictures(id);
    for (const picture of pictures) this.#library.markRemoved(picture.id);
    this.#library.removeAlbum(id);
    for (const picture of pictures) await this.#finishRemoval(picture);
  }

  /** Takes up what a crash has left half done. */
  async recover(signal: AbortSignal): Promise<void> {
    for (const picture of this.#library.removed()) {
      if (signal.aborted) return;
      await this.#finishRemoval(picture);
    }
    for (const picture of this.#library.withoutThumbnail()) {
      if (signal.aborted) return;
      await this.#jobs.add(picture.id, picture.key);
    }
  }

  /** Enters what the worker reports into the catalogue, until `signal`. */
  async followResults(signal: AbortSignal): Promise<void> {
    for await (const letter of this.#shared.results.arrivals(signal)) {
      const result = await this.#shared.results.read(letter);
      if (result === undefined) continue;
      const [id = ''] = letter.split('-');
      const known =
        result.status === 'ready' ? this.#library.thumbnailReady(id, result) : this.#library.thumbnailFailed(id);
      if (!known) await this.#shared.removeThumbnail(id);
      await this.#shared.results.remove(letter);
    }
  }

  async #finishRemoval({ id, key }: Picture): Promise<void> {
    await this.#storage.remove(key);
    await this.#jobs.remove(id);
    await this.#shared.removeThumbnail(id);
    await this.#shared.failed.remove(id);
    this.#library.forget(id);
  }
}

async function takeAtLeast(chunks: AsyncIterator<Buffer>, length: number): Promise<Buffer> {
  let taken: Buffer = Buffer.alloc(0);
  while (taken.length < length) {
    const next = await chunks.next();
    if (next.done) break;
    taken = Buffer.concat([taken, next.value]);
  }
  return taken;
}

async function* concat(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, void> {
  yield start;
  yield* { [Symbol.asyncIterator]: () => rest };
}

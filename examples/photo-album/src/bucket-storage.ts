import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import type { Pictures, StoredPicture } from './pictures.ts';

/** Multer's files go straight into the bucket, in pieces: an instance holds no upload in memory or on its disk. */
export class BucketStorage implements StorageEngine {
  readonly #pictures: Pictures;

  constructor(pictures: Pictures) {
    this.#pictures = pictures;
  }

  _handleFile(
    _req: Request,
    file: Express.Multer.File,
    callback: (error?: unknown, info?: Partial<Express.Multer.File>) => void,
  ): void {
    this.#pictures
      .store(file.originalname, file.stream)
      .then((stored) => callback(null, { stored } as Partial<Express.Multer.File>), callback);
  }

  /** Called for what is stored already when another file of the same request is refused. */
  _removeFile(_req: Request, file: Express.Multer.File, callback: (error: Error | null) => void): void {
    const stored = storedPicture(file);
    if (stored === undefined) callback(null);
    else this.#pictures.discard(stored.key).then(() => callback(null), callback);
  }
}

export function storedPicture(file: Express.Multer.File): StoredPicture | undefined {
  return (file as { stored?: StoredPicture }).stored;
}

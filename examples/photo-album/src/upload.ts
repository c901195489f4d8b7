import type { Request, Response } from 'express';
import multer from 'multer';
import { BucketStorage, storedPicture } from './bucket-storage.ts';
import type { Pictures, StoredPicture } from './pictures.ts';

const MAX_FILES = 20;
const MAX_FILE_BYTES = 40 * 1024 * 1024;

export interface Uploads {
  /** The file of the field `picture`, already in the bucket; `undefined` when there is none. */
  single(req: Request, res: Response): Promise<StoredPicture | undefined>;
  /** Those of the field `pictures`. */
  several(req: Request, res: Response): Promise<StoredPicture[]>;
}

/** Forms with pictures. @throws NotAPicture, MulterError; nothing of the request stays in the bucket then */
export function createUploads(pictures: Pictures): Uploads {
  const upload = multer({
    storage: new BucketStorage(pictures),
    limits: { files: MAX_FILES, fileSize: MAX_FILE_BYTES, fields: 10, fieldSize: 10_000, parts: MAX_FILES + 10 },
    defParamCharset: 'utf8',
  });
  const single = upload.single('picture');
  const several = upload.array('pictures', MAX_FILES);
  const parse = (form: typeof single, req: Request, res: Response) =>
    new Promise<void>((resolve, reject) => form(req, res, (error?: unknown) => (error ? reject(error) : resolve())));
  return {
    async single(req, res) {
      await parse(single, req, res);
      return req.file && storedPicture(req.file);
    },
    async several(req, res) {
      await parse(several, req, res);
      const files = req.files as Express.Multer.File[];
      return files.map(storedPicture).filter((stored) => stored !== undefined);
    },
  };
}

import { pipeline } from 'node:stream/promises';
import type { ByteRange, Storage } from '@holdfast/storage';
import type { Request, Response } from 'express';
import type { Picture } from './library.ts';

/** The bytes as they were uploaded: from the bucket to the client, whole or one range. */
export async function sendPicture(
  req: Request,
  res: Response,
  { picture, storage }: { readonly picture: Picture; readonly storage: Storage },
): Promise<void> {
  res.set({ ETag: `"${picture.etag}"`, 'Accept-Ranges': 'bytes', 'Content-Type': picture.type });
  if (req.fresh) return void res.status(304).end();

  const range = requestedRange(req, picture);
  if (range === 'unsatisfiable') return void res.status(416).set('Content-Range', `bytes */${picture.size}`).end();
  if (range !== undefined) res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${picture.size}`);
  res.set('Content-Length', String(range === undefined ? picture.size : range.end - range.start + 1));
  if (req.method === 'HEAD') return void res.end();

  const opened = await storage.open(picture.key, { range });
  if (opened === null) throw new Error(`the bucket has no ${picture.key}`);
  try {
    await pipeline(opened.stream(), res);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error; // that is a client gone
  }
}

/** RFC 9110 section 14.2: a range of another version (`If-Range`), several ranges or another unit give the whole. */
function requestedRange(
  req: Request,
  { size, etag }: Picture,
): (ByteRange & { readonly start: number; readonly end: number }) | 'unsatisfiable' | undefined {
  const ifRange = req.get('If-Range');
  if (ifRange !== undefined && ifRange !== `"${etag}"`) return undefined;
  const ranges = req.range(size);
  if (ranges === -1) return 'unsatisfiable';
  const [only] = Array.isArray(ranges) && ranges.type === 'bytes' && ranges.length === 1 ? ranges : [];
  return only && { start: only.start, end: only.end };
}

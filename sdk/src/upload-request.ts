import type { Source } from './source.ts';
import type { ReportProgress } from './upload-progress.ts';

export interface Upload {
  readonly key: string;
  readonly source: Source;
  /** Content type, metadata and the like. */
  readonly headers: Readonly<Record<string, string>>;
  /** `if-match` or `if-none-match`; decided by the server when the object would appear. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly partSize: number;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ReportProgress | undefined;
  readonly resume: UploadResume | undefined;
  /** Awaited when the last byte has been read, before the object appears. What it throws gives the upload up. */
  readonly onRead: (() => void | Promise<void>) | undefined;
}

/** For an upload that another `put` can go on with, also in another process. */
export interface UploadResume {
  /**
   * The upload to go on with: its parts that have the bytes of the data are not sent again.
   * One that is gone is begun anew. Its metadata is what it was begun with.
   */
  readonly uploadId?: string | undefined;
  /** Keeps the id of an upload that begins; awaited before its first part is sent. */
  readonly onUpload: (uploadId: string) => void | Promise<void>;
}

export interface Uploaded {
  readonly etag: string;
  readonly size: number;
}

const MIB = 1024 * 1024;
/** S3's limits: at most 10,000 parts; all but the last of at least 5 MiB. */
export const MAX_PARTS = 10_000;
export const MIN_PART_SIZE = 5 * MIB;

/** `partSize`, or more where so many bytes would take more parts than S3 allows. */
export function partSizeFor(size: number | undefined, partSize: number): number {
  return size === undefined ? partSize : Math.max(partSize, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}

/** The next part, or the signal's reason: a stream that is silent must not hold up an abort. */
export function next<T>(parts: AsyncIterator<T>, signal: AbortSignal | undefined): Promise<IteratorResult<T>> {
  if (signal === undefined) return parts.next();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = () => signal.removeEventListener('abort', abort);
    parts.next().then(resolve, reject).finally(done);
  });
}

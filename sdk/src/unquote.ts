import { invalidResponse } from './errors.ts';

/** An ETag as S3 writes it: in quotes. */
export function unquote(etag: string | undefined): string {
  return (etag ?? '').replace(/^(?:W\/)?"|"$/g, '');
}

/** That of what was stored. @throws StorageError `InvalidResponse`: without one, nothing says that it was */
export function storedEtag(etag: string | undefined): string {
  if (etag) return unquote(etag);
  throw invalidResponse('ETag');
}

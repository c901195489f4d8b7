import { createHash } from 'node:crypto';
import { HoldfastError } from '../../core/errors.ts';
import { multipartEtag } from '../store/multipart.ts';
import type { ObjectInfo, ObjectMetadata } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { CompleteUpload, PartRef } from '../store/upload.ts';

/** Kept beside the headers of an object: of which upload it is. It is copied with them, and means nothing there. */
const MARK = 'x-holdfast-upload';

export function withUploadMark(metadata: ObjectMetadata, upload: PartRef): ObjectMetadata {
  return { ...metadata, headers: { ...metadata.headers, [MARK]: markOf(upload) } };
}

/**
 * What an upload that is no more has become: a client that did not get the answer asks again, and S3 gives it again.
 * Not when the object has been replaced since, or when other parts are named now.
 * @throws `failure` where there is no such object
 */
export async function completedBefore(
  store: ObjectStore,
  upload: CompleteUpload,
  failure: unknown,
): Promise<ObjectInfo> {
  if (HoldfastError.from(failure).code !== 'upload.not-found') throw failure;
  const current = await store.findVersion(upload.bucket, upload.key);
  const isItsObject = current?.metadata.headers[MARK] === markOf(upload);
  if (current && isItsObject && current.etag === multipartEtag(upload.parts)) return current;
  throw failure;
}

function markOf({ bucket, key, uploadId }: PartRef): string {
  return createHash('sha256')
    .update(JSON.stringify([bucket, key, uploadId]))
    .digest('base64url')
    .slice(0, 22);
}

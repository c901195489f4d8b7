import { HoldfastError } from '../../core/errors.ts';
import type { ObjectInfo, ObjectVersion, ReadRef, VersionRef } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { S3Failure, s3Errors } from './errors.ts';

interface Named extends ReadRef {
  readonly bucket: string;
  readonly key: string;
}

/** What no answer could repeat in a header is no version id. */
const VERSION_ID = /^[\x21-\x7e]{1,1024}$/;

/** `?versionId=` of a request. @throws HoldfastError `s3.invalid-argument` */
export function readVersionId(query: ReadonlyMap<string, string>): VersionRef {
  const versionId = query.get('versionId');
  if (versionId === '') throw s3Errors.invalidArgument('Version id cannot be the empty string');
  if (versionId !== undefined && !VERSION_ID.test(versionId)) {
    throw s3Errors.invalidArgument('Invalid version id specified');
  }
  return { versionId };
}

/** Nothing in a bucket that never had versions. */
export function versionHeader(
  store: ObjectStore,
  bucket: string,
  { versionId }: Pick<ObjectInfo, 'versionId'>,
  name = 'x-amz-version-id',
): Record<string, string> {
  const isVersioned = versionId !== 'null' || (store.bucket(bucket)?.versioning ?? 'disabled') !== 'disabled';
  return isVersioned ? { [name]: versionId } : {};
}

/** Of what was written. Of a null version S3 does not tell its writer (S3 API Reference, PutObject: "Versioning suspended"). */
export function writtenVersionHeader({ versionId }: Pick<ObjectInfo, 'versionId'>): Record<string, string> {
  return versionId === 'null' ? {} : { 'x-amz-version-id': versionId };
}

/** A read that finds a delete marker in its way says so in headers (S3 User Guide, "Working with delete markers"). */
export async function orDeleteMarker<T>(store: ObjectStore, target: Named, read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (cause) {
    const error = HoldfastError.from(cause);
    if (error.code !== 'object.not-found' && error.code !== 'version.delete-marker') throw error;
    const marker = await store.findVersion(target.bucket, target.key, target);
    throw marker?.deleteMarker ? behind(marker, error) : error;
  }
}

function behind({ versionId, lastModified }: ObjectVersion, error: HoldfastError): S3Failure {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId };
  if (error.code === 'object.not-found') return new S3Failure(error, headers);
  const modified = { 'last-modified': new Date(lastModified).toUTCString(), allow: 'DELETE' };
  return new S3Failure(s3Errors.deleteMarker('the specified method is not allowed against this resource'), {
    ...headers,
    ...modified,
  });
}

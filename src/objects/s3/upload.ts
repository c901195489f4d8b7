import { piecesOf } from '../store/body.ts';
import type { ObjectMetadata } from '../store/object.ts';
import type { ReceivedBody } from './body/request-body.ts';
import { announcedAlgorithm, checksumTypeMismatch, summedUp } from './checksums/checksums.ts';
import type { UploadChecksum } from './checksums/multipart-checksum.ts';
import { s3Errors } from './errors.ts';
import { readMetadata } from './metadata.ts';
import type { S3Request } from './operation.ts';

/** An object in one request, or a part (S3 API, "Amazon S3 multipart upload limits"). */
export const MAX_UPLOAD_BYTES = 5 * 2 ** 30;

/** A body of bytes to keep. @throws HoldfastError `s3.missing-content-length`, `s3.entity-too-large` */
async function receiveUpload(request: S3Request): Promise<ReceivedBody> {
  const body = await request.body({ stored: true });
  if (body.bounded) return body;
  const { size } = body;
  if (size === undefined) throw s3Errors.missingContentLength('you must provide the Content-Length HTTP header');
  if (size > MAX_UPLOAD_BYTES) throw s3Errors.entityTooLarge('your proposed upload exceeds the maximum of 5 GiB');
  return body;
}

/**
 * A part's bytes: where the upload has a checksum algorithm and the client sent none, it is computed here.
 * @throws HoldfastError as `receiveUpload`; `s3.invalid-request`
 */
export async function receivePart(request: S3Request, expected: UploadChecksum | undefined): Promise<ReceivedBody> {
  const announced = announcedAlgorithm(request.headers);
  if (expected && announced && announced !== expected.algorithm) {
    throw checksumTypeMismatch(expected.algorithm, announced);
  }
  const upload = await receiveUpload(request);
  if (!expected || announced) return upload;
  const checksums: Record<string, string> = {};
  return { ...upload, bytes: summedUp(piecesOf(upload.bytes), expected.algorithm, checksums), checksums };
}

/**
 * With the metadata of the new object, whose headers get the body's checksums
 * when it has ended: the store reads metadata after the body (`PutObject.metadata`).
 */
export async function receiveObject(request: S3Request): Promise<ReceivedBody & { readonly metadata: ObjectMetadata }> {
  const metadata = readMetadata(request.headers);
  const upload = await receiveUpload(request);
  const headers = Object.assign(upload.checksums, metadata.headers);
  return { ...upload, metadata: { ...metadata, headers } };
}

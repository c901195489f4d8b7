import { MAX_PARTS } from '../store/multipart.ts';
import type { PartRef } from '../store/upload.ts';
import { s3Errors } from './errors.ts';
import type { S3Request } from './operation.ts';

export function readUploadRef({ bucket, key, query }: S3Request): PartRef {
  return { bucket, key, uploadId: query.get('uploadId') ?? '' };
}

/** @throws HoldfastError `s3.invalid-argument` */
export function readPartRef(request: S3Request): PartRef & { readonly partNumber: number } {
  const text = request.query.get('partNumber') ?? '';
  const partNumber = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > MAX_PARTS) {
    throw s3Errors.invalidArgument(`Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`);
  }
  return { ...readUploadRef(request), partNumber };
}

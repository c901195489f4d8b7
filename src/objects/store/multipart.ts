import { createHash } from 'node:crypto';
import { uploadErrors } from './errors/upload-errors.ts';

/** What S3 says about parts ("Amazon S3 multipart upload limits"). */
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * 2 ** 20;

interface Part {
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
}

/** @throws HoldfastError `upload.part` */
export function checkPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PARTS) {
    throw uploadErrors.invalidPart(partNumber, `is not a number from 1 to ${MAX_PARTS}`);
  }
}

/**
 * The uploaded parts that a completion names, in its order.
 * @throws HoldfastError `upload.part`, `upload.part-order`, `upload.part-size`
 */
export function chooseParts<P extends Part>(
  uploaded: ReadonlyMap<number, P>,
  named: readonly { readonly partNumber: number; readonly etag: string }[],
  minimumBytes: number,
): readonly P[] {
  if (named.length === 0) throw uploadErrors.invalidPart(1, 'is missing: a completion names at least one part');
  if (named.some(({ partNumber }, i) => partNumber <= (named[i - 1]?.partNumber ?? 0))) throw uploadErrors.partOrder();
  return named.map(({ partNumber, etag }, position) => {
    const part = uploaded.get(partNumber);
    if (!part) throw uploadErrors.invalidPart(partNumber, 'was not uploaded');
    if (part.etag !== etag) throw uploadErrors.invalidPart(partNumber, `has the ETag ${part.etag}, not ${etag}`);
    if (position < named.length - 1 && part.size < minimumBytes)
      throw uploadErrors.partTooSmall(partNumber, minimumBytes);
    return part;
  });
}

/** `<md5 of the part md5s>-<parts>`, as S3 makes it. */
export function multipartEtag(parts: readonly { readonly etag: string }[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}

import type { ByteRange } from '../store/object.ts';
import { S3Failure, s3Errors } from './errors.ts';

/**
 * The bytes a Range header selects of `size` (RFC 9110 section 14.1.2). `undefined`, all of them,
 * for a header that is malformed or, as in S3, names several ranges.
 * @throws HoldfastError `s3.invalid-range`
 */
export function selectRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header);
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start < size && start <= end) return { start, end };
  // With the length that there is (RFC 9110 section 15.5.17).
  const error = s3Errors.invalidRange('The requested range is not satisfiable');
  throw new S3Failure(error, { 'content-range': `bytes */${size}` });
}

/**
 * The bytes of a part, counted from 1; an object that was not uploaded by parts is one.
 * `undefined`, all of it, for an object without bytes.
 * @throws HoldfastError `s3.invalid-argument`, `s3.invalid-part-number`
 */
export function selectPart(partNumber: string, sizes: readonly number[]): ByteRange | undefined {
  if (!/^\d{1,5}$/.test(partNumber) || Number(partNumber) < 1) {
    throw s3Errors.invalidArgument('Part number must be an integer between 1 and 10000, inclusive');
  }
  const before = sizes.slice(0, Number(partNumber) - 1);
  const size = sizes[before.length];
  const start = before.reduce((sum, one) => sum + one, 0);
  const isThere = size !== undefined && before.length === Number(partNumber) - 1;
  // The last part can be empty, and no range can say that.
  if (!isThere || (size === 0 && start > 0))
    throw s3Errors.invalidPartNumber('The requested partnumber is not satisfiable');
  return size === 0 ? undefined : { start, end: start + size - 1 };
}

/** `x-amz-copy-source-range`, which must be `bytes=first-last` inside the source. */
export function copyRange(header: string, size: number): ByteRange {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match && start <= end && end < size) return { start, end };
  throw s3Errors.invalidArgument(`the x-amz-copy-source-range is not valid for a source object of ${size} bytes`);
}

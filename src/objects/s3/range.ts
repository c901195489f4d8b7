import type { ByteRange } from '../engine/object-store.ts';
import { s3Errors } from './errors.ts';

/**
 * The bytes a Range header selects of `size` (RFC 9110 section 14.1.2). `undefined`, all of them,
 * for a header that is malformed or, as in S3, names several ranges.
 * @throws HoldfastError `s3.invalid-range`
 */
export function selectRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || start > end) throw s3Errors.invalidRange('The requested range is not satisfiable');
  return { start, end };
}

/** `x-amz-copy-source-range`, which must be `bytes=first-last` inside the source. */
export function copyRange(header: string, size: number): ByteRange {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const [start, end] = [Number(match?.[1]), Number(match?.[2])];
  if (match && start <= end && end < size) return { start, end };
  throw s3Errors.invalidArgument(`the x-amz-copy-source-range is not valid for a source object of ${size} bytes`);
}

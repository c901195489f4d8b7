import { objectErrors } from './errors/object-errors.ts';
import type { ByteRange } from './object.ts';

/**
 * The bytes to read: `range`, or all. An empty object has none (`end` is -1).
 * @throws HoldfastError `object.range`
 */
export function resolveRange(range: ByteRange | undefined, size: number): ByteRange {
  if (!range) return { start: 0, end: size - 1 };
  const { start, end } = range;
  if (start < 0 || end < start || end >= size) throw objectErrors.invalidRange(start, end, size);
  return range;
}

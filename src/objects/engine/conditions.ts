import { preconditionFailed } from './errors.ts';
import type { WriteConditions } from './object-store.ts';

interface Target {
  readonly bucket: string;
  readonly key: string;
}

/**
 * RFC 9110 section 13.1: If-Match fails where nothing exists; `*` stands for any.
 * @throws HoldfastError `object.precondition`
 */
export function checkConditions(
  { bucket, key }: Target,
  currentEtag: string | undefined,
  conditions: WriteConditions | undefined,
): void {
  if (!conditions) return;
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined && !matches(currentEtag, ifMatch)) throw preconditionFailed(bucket, key);
  if (ifNoneMatch !== undefined && matches(currentEtag, ifNoneMatch)) throw preconditionFailed(bucket, key);
}

function matches(current: string | undefined, wanted: string): boolean {
  return current !== undefined && (wanted === '*' || wanted === current);
}

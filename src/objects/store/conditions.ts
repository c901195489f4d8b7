import { taggingOf } from '../object-tags.ts';
import { objectErrors } from './errors/object-errors.ts';
import type { ObjectInfo, ObjectMetadata, RemoveConditions, RemoveObject } from './object.ts';

interface Target {
  readonly bucket: string;
  readonly key: string;
}

/** What a condition is about; absent where nothing is, also behind a delete marker. */
type Current = Pick<ObjectInfo, 'etag' | 'size' | 'lastModified'>;

/**
 * RFC 9110 section 13.1: If-Match fails where nothing exists; `*` stands for any. Time and size
 * do not ask whether there is something (S3 API, DeleteObject).
 * @throws HoldfastError `object.precondition`, `object.not-found` where If-Match has nothing to match
 */
export function checkConditions(
  { bucket, key }: Target,
  current: Current | undefined,
  conditions: RemoveConditions | undefined,
): void {
  if (!conditions) return;
  const { ifMatch, ifNoneMatch, ifLastModified, ifSize } = conditions;
  if (ifMatch !== undefined && !current) throw objectErrors.notFound(bucket, key);
  if (!current) return;
  const holds =
    (ifMatch === undefined || matches(current.etag, ifMatch)) &&
    (ifNoneMatch === undefined || !matches(current.etag, ifNoneMatch)) &&
    (ifSize === undefined || ifSize === current.size) &&
    (ifLastModified === undefined || inSeconds(ifLastModified) === inSeconds(current.lastModified));
  if (!holds) throw objectErrors.preconditionFailed(bucket, key);
}

/** @throws HoldfastError `object.precondition` */
export function checkNoncurrent(
  { bucket, key }: Target,
  version: { readonly isLatest: boolean } | undefined,
  { ifNoncurrent = false }: Pick<RemoveObject, 'ifNoncurrent'>,
): void {
  if (ifNoncurrent && version?.isLatest) throw objectErrors.preconditionFailed(bucket, key);
}

/** @throws HoldfastError `object.precondition` */
export function checkTagging(
  { bucket, key }: Target,
  metadata: ObjectMetadata | undefined,
  { ifTagging }: Pick<RemoveObject, 'ifTagging'>,
): void {
  if (ifTagging !== undefined && metadata && taggingOf(metadata) !== ifTagging)
    throw objectErrors.preconditionFailed(bucket, key);
}

function matches(current: string, wanted: string): boolean {
  return wanted === '*' || wanted === current;
}

/** As HTTP dates are. */
function inSeconds(time: number): number {
  return Math.floor(time / 1000);
}

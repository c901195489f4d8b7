import type { Bucket, Quota, Usage } from './bucket.ts';
import { bucketErrors } from './errors/bucket-errors.ts';

/** What the commits of one batch add to each bucket, by its number: none is applied while the others are decided. */
export type Growth = Map<number, Usage>;

/**
 * Refuses what grows a bucket beyond its quota. What does not grow it never is refused,
 * also where the quota is exceeded already.
 * @throws HoldfastError `bucket.quota-exceeded`
 */
export function checkQuota({ name, quota }: Bucket, usage: Usage, added: Usage): void {
  if (!quota) return;
  if (exceeds(quota.bytes, usage.bytes, added.bytes) || exceeds(quota.objects, usage.objects, added.objects)) {
    throw bucketErrors.quotaExceeded(name);
  }
}

function exceeds(limit: number | undefined, used: number, added: number): boolean {
  return limit !== undefined && added > 0 && used + added > limit;
}

/** `undefined` where nothing is limited. @throws HoldfastError `bucket.quota` */
export function checkedQuota({ bytes, objects }: Quota): Quota | undefined {
  for (const limit of [bytes, objects]) {
    if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) throw bucketErrors.invalidQuota(limit);
  }
  if (bytes === undefined && objects === undefined) return undefined;
  return { ...(bytes !== undefined && { bytes }), ...(objects !== undefined && { objects }) };
}

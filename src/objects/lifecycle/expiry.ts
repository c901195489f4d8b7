import { objectTags } from '../object-tags.ts';
import type { ObjectInfo } from '../store/object.ts';
import type { LifecycleFilter, LifecycleRule } from './lifecycle-rule.ts';

const DAY_MS = 24 * 3600_000;

/** Days are counted from the moment and end at the next midnight UTC (S3 User Guide, "Lifecycle rules: based on an object's age"). */
export function daysAfter(time: number, days: number): number {
  return Math.floor(time / DAY_MS + days + 1) * DAY_MS;
}

type Described = Pick<ObjectInfo, 'key' | 'size' | 'metadata'>;

export function matchesFilter(filter: LifecycleFilter, object: Described): boolean {
  const { prefix = '', tags, largerThan = -1, smallerThan = Number.POSITIVE_INFINITY } = filter;
  if (!object.key.startsWith(prefix) || object.size <= largerThan || object.size >= smallerThan) return false;
  if (tags.length === 0) return true;
  const there = objectTags(object.metadata);
  return tags.every(({ key, value }) => there.some((tag) => tag.key === key && tag.value === value));
}

/** Delete markers have neither tags nor a size. */
export function isOfMarkers({ tags, largerThan, smallerThan }: LifecycleFilter): boolean {
  return tags.length === 0 && largerThan === undefined && smallerThan === undefined;
}

export interface Expiry {
  readonly at: number;
  readonly ruleId: string;
}

/** When the current object goes, and by which rule: of several the earliest. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  object: Described & Pick<ObjectInfo, 'lastModified'>,
): Expiry | undefined {
  let earliest: Expiry | undefined;
  for (const { id, enabled, filter, expiration } of rules) {
    if (!enabled || !expiration || 'deleteMarkers' in expiration) continue;
    const at = 'date' in expiration ? expiration.date : daysAfter(object.lastModified, expiration.days);
    if (at < (earliest?.at ?? Number.POSITIVE_INFINITY) && matchesFilter(filter, object)) earliest = { at, ruleId: id };
  }
  return earliest;
}

/** A delete marker that is all there is of its key. */
export function markerExpires(
  rules: readonly LifecycleRule[],
  marker: Described & Pick<ObjectInfo, 'lastModified'>,
  now: number,
): boolean {
  return rules.some(({ enabled, filter, expiration }) => {
    if (!enabled || !expiration || !isOfMarkers(filter) || !matchesFilter(filter, marker)) return false;
    if ('deleteMarkers' in expiration) return expiration.deleteMarkers;
    return 'days' in expiration && daysAfter(marker.lastModified, expiration.days) <= now;
  });
}

/** `since`: when a newer version took its place; `newer`: how many noncurrent versions are newer. */
export function noncurrentExpires(
  rules: readonly LifecycleRule[],
  version: Described,
  { since, newer, now }: { readonly since: number; readonly newer: number; readonly now: number },
): boolean {
  return rules.some(({ enabled, filter, noncurrent }) => {
    if (!enabled || !noncurrent || newer < (noncurrent.newerVersions ?? 0)) return false;
    return daysAfter(since, noncurrent.days) <= now && matchesFilter(filter, version);
  });
}

/** When an unfinished upload goes, and by which rule: of several the earliest. */
export function uploadExpiryOf(
  rules: readonly LifecycleRule[],
  { key, initiatedAt }: { readonly key: string; readonly initiatedAt: number },
): Expiry | undefined {
  let earliest: Expiry | undefined;
  for (const { id, enabled, filter, abortUploadsDays: days } of rules) {
    if (!enabled || days === undefined || !key.startsWith(filter.prefix ?? '')) continue;
    const at = daysAfter(initiatedAt, days);
    if (at < (earliest?.at ?? Number.POSITIVE_INFINITY)) earliest = { at, ruleId: id };
  }
  return earliest;
}

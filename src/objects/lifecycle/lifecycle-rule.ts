import type { Tag } from '../object-tags.ts';
import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';

/** Which objects a rule is about: all that it says must hold. */
export interface LifecycleFilter {
  readonly prefix?: string | undefined;
  readonly tags: readonly Tag[];
  readonly largerThan?: number | undefined;
  readonly smallerThan?: number | undefined;
}

/** One rule of a bucket's lifecycle configuration (S3 API, LifecycleRule); dates in milliseconds since the epoch. */
export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly filter: LifecycleFilter;
  /** `Prefix` beside the actions, as it was before there were filters. */
  readonly oldForm?: true | undefined;
  /** Of current objects; with `days`, of delete markers that hide nothing, too. */
  readonly expiration?:
    | { readonly days: number }
    | { readonly date: number }
    | { readonly deleteMarkers: boolean }
    | undefined;
  readonly noncurrent?: { readonly days: number; readonly newerVersions?: number | undefined } | undefined;
  readonly abortUploadsDays?: number | undefined;
}

/** The bucket document that has the rules. */
export const LIFECYCLE = 'lifecycle';

const read = documentReader<readonly LifecycleRule[]>(LIFECYCLE);

export function lifecycleRules(bucket: Bucket): readonly LifecycleRule[] {
  return read(bucket) ?? [];
}

import type { Bucket } from '../store/bucket.ts';

/**
 * How the key of a log object begins, as S3 has it (API Reference, TargetObjectKeyFormat): with the prefix alone, or
 * also with account, region, source bucket and date: that of the requests, or that of the delivery.
 */
export type LogKeyFormat = 'simple' | 'event-time' | 'delivery-time';

/** Where the access log of a bucket goes; kept as the bucket's document `logging`. */
export interface BucketLogging {
  readonly target: string;
  readonly prefix: string;
  /** Absent: nobody said, which is `simple`. */
  readonly keyFormat?: LogKeyFormat | undefined;
}

export const LOGGING_DOCUMENT = 'logging';

/** Buckets are immutable: what they say is parsed once. */
const known = new WeakMap<Bucket, BucketLogging>();

/** Most buckets have none, and are told by a look at them. */
export function bucketLogging(bucket: Bucket): BucketLogging | undefined {
  const text = bucket.documents?.[LOGGING_DOCUMENT];
  if (text === undefined) return undefined;
  const before = known.get(bucket);
  if (before) return before;
  const logging = JSON.parse(text) as BucketLogging;
  known.set(bucket, logging);
  return logging;
}

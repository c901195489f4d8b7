import { documentReader } from '../store/document-reader.ts';

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

export const bucketLogging = documentReader<BucketLogging>(LOGGING_DOCUMENT);

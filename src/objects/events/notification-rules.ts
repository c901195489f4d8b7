import type { Bucket } from '../store/bucket.ts';
import { documentReader } from '../store/document-reader.ts';
import { isOfType, typesMeet } from './event-names.ts';

/** Which events of a bucket go to which webhook; kept as the bucket's document `notification`. */
export interface NotificationRule {
  readonly id: string;
  /** In which kind of S3 configuration it came, and is given back. */
  readonly as: 'queue' | 'topic';
  readonly webhook: string;
  /** `s3:ObjectCreated:*` and the like. */
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

export const NOTIFICATION_DOCUMENT = 'notification';

const read = documentReader<readonly NotificationRule[]>(NOTIFICATION_DOCUMENT);

export function notificationRules(bucket: Bucket): readonly NotificationRule[] {
  return read(bucket) ?? [];
}

/** At most one: rules of a bucket do not overlap. */
export function findRule(rules: readonly NotificationRule[], event: string, key: string): NotificationRule | undefined {
  return rules.find(
    ({ events, prefix, suffix }) =>
      key.startsWith(prefix) && key.endsWith(suffix) && events.some((type) => isOfType(type, event)),
  );
}

/**
 * Whether an event could be of both. S3 refuses that: it says so for rules whose
 * prefixes and suffixes both overlap (S3 User Guide, "Configuring event notifications
 * using object key name filtering").
 */
export function overlap(a: NotificationRule, b: NotificationRule): boolean {
  return (
    a.events.some((one) => b.events.some((other) => typesMeet(one, other))) &&
    (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
    (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))
  );
}

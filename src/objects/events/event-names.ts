import type { ObjectChange, Origin } from '../store/change-feed.ts';

/** Without S3's prefix `s3:`, as they stand in an event message. */
const CREATED: Readonly<Record<Origin, string>> = {
  put: 'ObjectCreated:Put',
  post: 'ObjectCreated:Post',
  copy: 'ObjectCreated:Copy',
  complete: 'ObjectCreated:CompleteMultipartUpload',
};
const REMOVED = 'ObjectRemoved:Delete';
const MARKED = 'ObjectRemoved:DeleteMarkerCreated';

const NAMES = [...Object.values(CREATED), REMOVED, MARKED];

/** What a rule may ask for (S3 User Guide, "Supported event types for SQS, SNS, and Lambda"); others never happen here. */
export const EVENT_TYPES: readonly string[] = ['ObjectCreated:*', 'ObjectRemoved:*', ...NAMES].map(
  (name) => `s3:${name}`,
);

export function eventName(change: ObjectChange): string {
  if (change.kind === 'created') return CREATED[change.origin];
  return change.kind === 'removed' ? REMOVED : MARKED;
}

/** Whether a type such as `s3:ObjectCreated:*` is of the event. */
export function isOfType(type: string, name: string): boolean {
  return type === `s3:${name}` || (type.endsWith(':*') && `s3:${name}`.startsWith(type.slice(0, -1)));
}

/** Whether some event is of both types. */
export function typesMeet(a: string, b: string): boolean {
  return NAMES.some((name) => isOfType(a, name) && isOfType(b, name));
}

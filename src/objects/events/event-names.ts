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

const EXPIRED = 'LifecycleExpiration:Delete';
const EXPIRED_BY_MARKER = 'LifecycleExpiration:DeleteMarkerCreated';

const NAMES = [...Object.values(CREATED), REMOVED, MARKED, EXPIRED, EXPIRED_BY_MARKER];
const GROUPS = ['ObjectCreated:*', 'ObjectRemoved:*', 'LifecycleExpiration:*'];

/** What a rule may ask for (S3 User Guide, "Supported event types for SQS, SNS, and Lambda"); others never happen here. */
export const EVENT_TYPES: readonly string[] = [...GROUPS, ...NAMES].map((name) => `s3:${name}`);

export function eventName(change: ObjectChange): string {
  if (change.kind === 'created') return CREATED[change.origin];
  if (change.kind === 'removed') return change.byLifecycle ? EXPIRED : REMOVED;
  return change.byLifecycle ? EXPIRED_BY_MARKER : MARKED;
}

/** They have a structure of a later version (S3 User Guide, "Event message structure"). */
export function isExpiration(name: string): boolean {
  return name === EXPIRED || name === EXPIRED_BY_MARKER;
}

/** Whether a type such as `s3:ObjectCreated:*` is of the event. */
export function isOfType(type: string, name: string): boolean {
  return type === `s3:${name}` || (type.endsWith(':*') && `s3:${name}`.startsWith(type.slice(0, -1)));
}

/** Whether some event is of both types. */
export function typesMeet(a: string, b: string): boolean {
  return NAMES.some((name) => isOfType(a, name) && isOfType(b, name));
}

import { expiryOf } from '../lifecycle/expiry.ts';
import { lifecycleRules } from '../lifecycle/lifecycle-rule.ts';
import type { ObjectInfo } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';

/** `x-amz-expiration` of a current object: when a lifecycle rule removes it, and which. */
export function expirationHeader(store: ObjectStore, bucket: string, info: ObjectInfo): Record<string, string> {
  const settings = store.bucket(bucket);
  const expiry = settings && expiryOf(lifecycleRules(settings), info);
  if (!expiry) return {};
  const date = new Date(expiry.at).toUTCString();
  return { 'x-amz-expiration': `expiry-date="${date}", rule-id="${encodeURIComponent(expiry.ruleId)}"` };
}

import { expiryOf, uploadExpiryOf } from '../lifecycle/expiry.ts';
import { lifecycleRules } from '../lifecycle/lifecycle-rule.ts';
import type { ObjectInfo } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { MultipartUpload } from '../store/upload.ts';

/** `x-amz-expiration` of a current object: when a lifecycle rule removes it, and which. */
export function expirationHeader(store: ObjectStore, bucket: string, info: ObjectInfo): Record<string, string> {
  const settings = store.bucket(bucket);
  const expiry = settings && expiryOf(lifecycleRules(settings), info);
  if (!expiry) return {};
  const date = new Date(expiry.at).toUTCString();
  return { 'x-amz-expiration': `expiry-date="${date}", rule-id="${encodeURIComponent(expiry.ruleId)}"` };
}

/** When a lifecycle rule aborts an unfinished upload, and which. */
export function abortHeaders(
  store: ObjectStore,
  bucket: string,
  upload: Pick<MultipartUpload, 'key' | 'initiatedAt'>,
): Record<string, string> {
  const settings = store.bucket(bucket);
  const expiry = settings && uploadExpiryOf(lifecycleRules(settings), upload);
  if (!expiry) return {};
  const date = new Date(expiry.at).toUTCString();
  return { 'x-amz-abort-date': date, 'x-amz-abort-rule-id': encodeURIComponent(expiry.ruleId) };
}

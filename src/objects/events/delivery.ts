import { createHash } from 'node:crypto';
import type { ObjectChange } from '../store/change-feed.ts';
import { stampText } from '../store/version-id.ts';

/** An event on its way to a webhook. */
export interface Delivery {
  readonly webhook: string;
  readonly bucket: number;
  readonly bucketName: string;
  readonly key: string;
  /** Orders the events of a key. */
  readonly stamp: number;
  /** `ObjectCreated:Put` */
  readonly event: string;
  /** The rule's id. */
  readonly rule: string;
  readonly versionId: string;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Since when it waits, milliseconds since the epoch. */
  readonly queuedAt: number;
  readonly attempts: number;
  readonly lastError?: string | undefined;
}

/** How people name an event of a webhook. */
export function eventId({ stamp }: Pick<ObjectChange, 'stamp'>): string {
  return stampText(stamp);
}

/** The same at every attempt and after every crash; another one for every webhook that ever was. */
export function messageId(webhookId: string, { bucket, key, stamp }: Delivery): string {
  const hash = createHash('sha256').update(JSON.stringify([webhookId, bucket, key, stamp]));
  return `msg_${hash.digest('base64url').slice(0, 27)}`;
}

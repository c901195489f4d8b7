import { wallTime } from '../store/stamp.ts';
import { NULL_VERSION } from '../store/version-id.ts';
import type { Delivery } from './delivery.ts';
import { isExpiration } from './event-names.ts';

/** 2.1 is the structure of these event types (S3 User Guide, "Event message structure"). */
const EVENT_VERSION = '2.1';
const EXPIRATION_VERSION = '2.3';
const PRINCIPAL = 'holdfast';

/** The body of a delivery, the same at every attempt. Who asked is not in the journal: those members are empty. */
export function eventMessage(delivery: Delivery, region: string): string {
  const { bucketName, key, stamp, event, rule, size, etag, versionId } = delivery;
  const record = {
    eventVersion: isExpiration(event) ? EXPIRATION_VERSION : EVENT_VERSION,
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(wallTime(stamp)).toISOString(),
    eventName: event,
    userIdentity: { principalId: PRINCIPAL },
    requestParameters: {},
    responseElements: {},
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: rule,
      bucket: { name: bucketName, ownerIdentity: { principalId: PRINCIPAL }, arn: `arn:aws:s3:::${bucketName}` },
      object: {
        key: encodeKey(key),
        size,
        eTag: etag,
        versionId: versionId === NULL_VERSION ? undefined : versionId,
        sequencer: sequencer(stamp),
      },
    },
  };
  return JSON.stringify({ Records: [record] });
}

export function testMessage(now: number): string {
  return JSON.stringify({ Service: 'Holdfast', Event: 's3:TestEvent', Time: new Date(now).toISOString() });
}

/** As S3 does it: form encoding, with the slashes left. */
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

/** Compared as text it orders the events of a key. */
function sequencer(stamp: number): string {
  return stamp.toString(16).toUpperCase().padStart(16, '0');
}

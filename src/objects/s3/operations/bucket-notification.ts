import { NOTIFICATION_DOCUMENT, notificationRules } from '../../events/notification-rules.ts';
import { requireBucket } from '../bucket.ts';
import { notificationXml, readNotificationRules } from '../configuration/notification-configuration.ts';
import { s3Errors } from '../errors.ts';
import { type Operation, xmlResponse } from '../operation.ts';
import { readXml } from '../request-xml.ts';

/** For operators: it sends what happens in the bucket to somewhere else. */
export const putBucketNotification: Operation = {
  name: 'PutBucketNotificationConfiguration',
  action: 'administer-bucket',
  async handle({ bucket, body }, { store, hasWebhook }) {
    const rules = readNotificationRules(await readXml(await body(), 'NotificationConfiguration'));
    const missing = hasWebhook && rules.find(({ webhook }) => !hasWebhook(webhook));
    if (missing) {
      throw s3Errors.invalidArgument(
        `unable to validate the destination: there is no webhook ${missing.webhook}; holdfast object-store webhooks add makes it`,
      );
    }
    const text = rules.length > 0 ? JSON.stringify(rules) : undefined;
    await store.updateBucket(bucket, { documents: { [NOTIFICATION_DOCUMENT]: text } });
    return { status: 200 };
  },
};

export const getBucketNotification: Operation = {
  name: 'GetBucketNotificationConfiguration',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const rules = notificationRules(requireBucket(store, bucket));
    return xmlResponse('NotificationConfiguration', notificationXml(rules));
  },
};

import { endOfTurn } from '../../core/end-of-turn.ts';
import type { Bucket } from '../store/bucket.ts';
import { parseStamp } from '../store/version-id.ts';
import type { FailedEvent, NewWebhook, WebhookAdmin, WebhookInfo } from '../webhook-contract.ts';
import type { BucketEvents } from './bucket-events.ts';
import { type Delivery, eventId } from './delivery.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import * as errors from './errors.ts';
import { testMessage } from './event-message.ts';
import { notificationRules } from './notification-rules.ts';
import { signedHeaders } from './signature.ts';
import type { Webhook } from './webhook-store.ts';

/** Some milliseconds of work. */
const STEP = 100;
const MAX_LISTED = 1000;

/** What operators do with webhooks and with the events that did not reach them. */
export function createWebhookAdmin(events: BucketEvents, buckets: () => readonly Bucket[]): WebhookAdmin {
  const { webhooks, clock, post, targets } = events;

  const require = (name: string): Webhook => {
    const webhook = webhooks.find(name);
    if (!webhook) throw errors.webhookNotFound(name);
    return webhook;
  };

  const describe = ({ name, url, createdAt }: Webhook, queue: DeliveryQueue): WebhookInfo => ({
    name,
    url,
    createdAt,
    buckets: bucketsOf(name, buckets()),
    ...queue.counts(name),
  });

  /** One failed event, or all there are at the call; says how many. Others have their turn between the steps. */
  const each = async (name: string, id: string | undefined, act: (stamp: number) => boolean): Promise<number> => {
    require(name);
    const { queue } = events;
    if (id !== undefined) {
      if (!act(parseStamp(id) ?? 0)) throw errors.failedEventNotFound(name, id);
      return 1;
    }
    let count = 0;
    let left = queue.counts(name).failed;
    for (let after = 0; left > 0; await endOfTurn()) {
      const page = queue.failed(name, { after, limit: Math.min(STEP, left) });
      for (const { stamp } of page) if (act(stamp)) count++;
      const last = page.at(-1);
      if (!last) break;
      after = last.stamp;
      left -= page.length;
    }
    return count;
  };

  return {
    async putWebhook({ name, url, renewSecret }) {
      const { queue } = events; // before anything is made: the secret is told only once, in this answer
      const before = webhooks.find(name);
      const target = URL.parse(url);
      if (target) targets.checkAddress(target);
      const webhook = await webhooks.put(name, url, { renewSecret });
      events.wake(name);
      const isTold = webhook.secret !== before?.secret;
      return { ...describe(webhook, queue), ...(isTold ? { secret: webhook.secret } : {}) } satisfies NewWebhook;
    },
    async listWebhooks() {
      const { queue } = events;
      return webhooks.all().map((webhook) => describe(webhook, queue));
    },
    async removeWebhook({ name }) {
      require(name);
      const users = bucketsOf(name, buckets());
      if (users.length > 0) throw errors.webhookInUse(name, users);
      await events.remove(name);
    },
    async testWebhook({ name }) {
      const { id, url, secret } = require(name);
      const now = clock.now();
      const body = testMessage(now);
      return post({ url, body, headers: signedHeaders(secret, { id: `${id}_test_${now}`, body, now }) });
    },
    async listFailedEvents({ webhook, after, limit = MAX_LISTED }) {
      require(webhook);
      const from = after === undefined ? 0 : (parseStamp(after) ?? 0);
      return events.queue.failed(webhook, { after: from, limit: Math.min(limit, MAX_LISTED) }).map(failedEvent);
    },
    async replayEvents({ webhook, id }) {
      const now = clock.now();
      const count = await each(webhook, id, (stamp) => events.queue.replay(webhook, stamp, now));
      events.wake(webhook);
      return { count };
    },
    async dropEvents({ webhook, id }) {
      return { count: await each(webhook, id, (stamp) => events.queue.drop(webhook, stamp)) };
    },
  };
}

function bucketsOf(webhook: string, buckets: readonly Bucket[]): readonly string[] {
  return buckets
    .filter((bucket) => notificationRules(bucket).some((rule) => rule.webhook === webhook))
    .map(({ name }) => name);
}

function failedEvent(delivery: Delivery): FailedEvent {
  const { bucketName: bucket, key, event, versionId, queuedAt, attempts, lastError = '' } = delivery;
  return { id: eventId(delivery), bucket, key, event, versionId, queuedAt, attempts, error: lastError };
}

import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/log.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Change, ChangeFeed, ObjectChange } from '../store/change-feed.ts';
import type { Delivery } from './delivery.ts';
import type { Arrivals, BucketRules, DeliveryQueue } from './delivery-queue.ts';
import { eventName } from './event-names.ts';
import { findRule, notificationRules } from './notification-rules.ts';

export interface EventIntakeOptions {
  readonly feed: ChangeFeed;
  readonly queue: DeliveryQueue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hasWebhook: (name: string) => boolean;
  /** Something is queued for the webhook. */
  readonly onQueued: (webhook: string) => void;
}

const CONSUMER = 'events';
const WAIT_MS = 5000;
const AGAIN_MS = 1000;
/** How far the feed may go before it is told that what came before is safe, bytes of the journal. */
const SAVE_EVERY = 8 * 2 ** 20;

/** Reads the feed, and queues what a rule asks for: by the rules that stood when the object changed. */
export class EventIntake {
  readonly #options: EventIntakeOptions;
  readonly #closing = new AbortController();
  readonly #rules: Map<number, BucketRules>;
  #next: number;
  #saved: number;
  readonly #running: Promise<void>;

  private constructor(options: EventIntakeOptions, rules: Map<number, BucketRules>, position: number) {
    this.#options = options;
    this.#rules = rules;
    this.#next = position;
    this.#saved = position;
    this.#running = this.#run();
  }

  /** A store from before the queue (a backup that was put back) is followed from where it knows of. */
  static async start(options: EventIntakeOptions): Promise<EventIntake> {
    const { feed, queue, log } = options;
    const { position: kept, end, buckets } = await feed.subscribe(CONSUMER);
    const { position } = queue;
    if (position !== undefined && position <= end) {
      return new EventIntake(options, new Map(queue.rules()), Math.max(position, kept));
    }
    const rules = new Map([...queue.rules().keys()].map((bucket) => [bucket, undefined as BucketRules | undefined]));
    for (const { bucket, settings } of buckets) {
      const found = rulesOf(settings);
      if (found) rules.set(bucket, found);
    }
    queue.add({ deliveries: [], rules, position: kept });
    if (kept < end) {
      log.error('the queue of events is not the one of this journal: what the journal still has is sent, maybe again');
    }
    return new EventIntake(options, new Map(queue.rules()), kept);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** What fails is tried again: the feed keeps it. */
  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
      } catch (error) {
        log.error({ err: error }, 'events wait in the journal');
        await clock.sleep(AGAIN_MS, { signal }).catch(() => {});
      }
    }
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { feed, queue, onQueued } = this.#options;
    const request = { from: this.#next, buckets: [...this.#rules.keys()], waitMs: WAIT_MS };
    const { changes, next } = await feed.read(request, { signal });
    const arrivals = this.#arrivals(changes, next);
    const { deliveries, rules } = arrivals;
    const isFar = next - this.#saved >= SAVE_EVERY;
    if (deliveries.length > 0 || rules.size > 0 || isFar) queue.add(arrivals);
    for (const [bucket, row] of rules) {
      if (row) this.#rules.set(bucket, row);
      else this.#rules.delete(bucket);
    }
    this.#next = next;
    for (const webhook of new Set(deliveries.map(({ webhook }) => webhook))) onQueued(webhook);
    if (!isFar) return;
    await queue.sync();
    await feed.advance(CONSUMER, next);
    this.#saved = next;
  }

  #arrivals(changes: readonly Change[], position: number): Arrivals {
    const rules = new Map<number, BucketRules | undefined>();
    const deliveries: Delivery[] = [];
    const known = (bucket: number) => (rules.has(bucket) ? rules.get(bucket) : this.#rules.get(bucket));
    for (const change of changes) {
      const { bucket } = change;
      if (change.kind === 'bucket' || change.kind === 'bucket-removed') {
        const found = change.kind === 'bucket' ? rulesOf(change.settings) : undefined;
        if (found || known(bucket)) rules.set(bucket, found);
        continue;
      }
      const delivery = this.#delivery(change, known(bucket));
      if (delivery) deliveries.push(delivery);
    }
    return { deliveries, rules, position };
  }

  #delivery(change: ObjectChange, bucket: BucketRules | undefined): Delivery | undefined {
    const { clock, hasWebhook } = this.#options;
    const event = eventName(change);
    const rule = bucket && findRule(bucket.rules, event, change.key);
    if (!rule || !hasWebhook(rule.webhook)) return undefined;
    const { key, stamp, versionId } = change;
    return {
      webhook: rule.webhook,
      bucket: change.bucket,
      bucketName: bucket.name,
      key,
      stamp,
      event,
      rule: rule.id,
      versionId,
      ...(change.kind === 'created' ? { size: change.size, etag: change.etag } : {}),
      queuedAt: clock.now(),
      attempts: 0,
    };
  }
}

function rulesOf(bucket: Bucket): BucketRules | undefined {
  const rules = notificationRules(bucket);
  return rules.length > 0 ? { name: bucket.name, rules } : undefined;
}

import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Logger } from '../../core/log.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import { DeliveryLane } from './delivery-lane.ts';
import { DeliveryQueue, type QueueLimits } from './delivery-queue.ts';
import { EventIntake } from './event-intake.ts';
import { createPoster, type Poster } from './post.ts';
import { QueueDatabase } from './queue-database.ts';
import { RETRY_SCHEDULE, type RetrySchedule } from './retry-schedule.ts';
import { TargetAddresses } from './target-addresses.ts';
import { type Webhook, WebhookStore } from './webhook-store.ts';

export interface BucketEventsOptions {
  readonly store: OpenObjectStore;
  /** Holds the webhooks and the queue. */
  readonly directory: string;
  /** Seals the secrets of the webhooks. */
  readonly masterKey: Uint8Array;
  readonly region: string;
  readonly log: Logger;
  /** Where webhooks may be besides public addresses: host names, addresses, networks. */
  readonly allow?: readonly string[] | undefined;
  /** Awaited before a change of them is answered. */
  readonly onWebhooksChanged?: (() => Promise<void>) | undefined;
  readonly clock?: Clock | undefined;
  readonly schedule?: RetrySchedule | undefined;
  readonly limits?: Partial<QueueLimits> | undefined;
}

/** What happens in buckets, told to webhooks: at least once, and in order for each key. */
export class BucketEvents {
  readonly webhooks: WebhookStore;
  readonly queue: DeliveryQueue;
  readonly post: Poster & { close(): void };
  readonly clock: Clock;
  readonly #options: BucketEventsOptions;
  readonly #lanes = new Map<string, DeliveryLane>();
  #intake: EventIntake | undefined;

  private constructor(options: BucketEventsOptions, webhooks: WebhookStore, queue: DeliveryQueue) {
    const { clock = systemClock, allow = [] } = options;
    this.#options = options;
    this.webhooks = webhooks;
    this.queue = queue;
    this.clock = clock;
    this.post = createPoster({ targets: new TargetAddresses(allow) });
  }

  /** @throws HoldfastError `envelope.broken`, `config.invalid` */
  static async start(options: BucketEventsOptions): Promise<BucketEvents> {
    const { store, directory, masterKey, log, limits, onWebhooksChanged } = options;
    const webhooks = await WebhookStore.open(directory, masterKey, onWebhooksChanged);
    const queue = new DeliveryQueue(await QueueDatabase.open(join(directory, 'events.db')), limits);
    const events = new BucketEvents(options, webhooks, queue);
    for (const name of queue.webhooks()) if (!webhooks.find(name)) queue.forget(name);
    for (const { name } of webhooks.all()) events.wake(name);
    events.#intake = await EventIntake.start({
      feed: store.changes,
      queue,
      clock: events.clock,
      log,
      hasWebhook: (name) => webhooks.find(name) !== undefined,
      onQueued: (name) => events.wake(name),
    });
    return events;
  }

  /** There may be something to send to the webhook. */
  wake(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane) lane.wake();
    else if (this.webhooks.find(name)) this.#lanes.set(name, new DeliveryLane(name, this.#laneOptions(name)));
  }

  #laneOptions(name: string) {
    const { region, log, schedule = RETRY_SCHEDULE } = this.#options;
    const { queue, post, clock } = this;
    const webhook = (): Webhook | undefined => this.webhooks.find(name);
    return { queue, post, clock, schedule, region, log, webhook };
  }

  /** The webhook, and what waits for it, is gone. */
  async remove(name: string): Promise<void> {
    await this.webhooks.remove(name);
    const lane = this.#lanes.get(name);
    this.#lanes.delete(name);
    await lane?.close();
    this.queue.forget(name);
  }

  /** What is not sent yet stays queued. */
  async close(): Promise<void> {
    await this.#intake?.close();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    this.post.close();
    this.queue.close();
  }
}

import { join } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Keyring } from '../../core/keyring.ts';
import type { Logger } from '../../core/log.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import { DeliveryLane } from './delivery-lane.ts';
import type { DeliveryQueue, QueueLimits } from './delivery-queue.ts';
import { EventIntake } from './event-intake.ts';
import { openQueue } from './open-queue.ts';
import { createPoster, type Poster } from './post.ts';
import { isQueueDamage } from './queue-damage.ts';
import { RETRY_SCHEDULE, type RetrySchedule } from './retry-schedule.ts';
import { TargetAddresses } from './target-addresses.ts';
import { type Webhook, WebhookStore } from './webhook-store.ts';

export interface BucketEventsOptions {
  readonly store: OpenObjectStore;
  /** Holds the webhooks and the queue. */
  readonly directory: string;
  /** Seals the secrets of the webhooks. */
  readonly keyring: Keyring;
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

const BEGIN_AGAIN_MS = 1000;

/**
 * What happens in buckets, told to webhooks: at least once, and in order for each key.
 * Where the queue cannot be opened (full disk) it is tried again, and objects are served meanwhile.
 */
export class BucketEvents {
  readonly webhooks: WebhookStore;
  readonly targets: TargetAddresses;
  readonly post: Poster & { close(): void };
  readonly clock: Clock;
  readonly #options: BucketEventsOptions;
  readonly #lanes = new Map<string, DeliveryLane>();
  readonly #closing = new AbortController();
  #queue: DeliveryQueue | undefined;
  #intake: EventIntake | undefined;
  #failure: unknown;
  /** Of the queue that is there. */
  #damage: unknown;
  #beginning: Promise<void> = Promise.resolve();

  private constructor(options: BucketEventsOptions, webhooks: WebhookStore) {
    const { clock = systemClock, allow = [] } = options;
    this.#options = options;
    this.webhooks = webhooks;
    this.clock = clock;
    this.targets = new TargetAddresses(allow);
    this.post = createPoster({ targets: this.targets });
  }

  /** @throws HoldfastError `envelope.broken`, `config.invalid` */
  static async start(options: BucketEventsOptions): Promise<BucketEvents> {
    const { directory, onWebhooksChanged: onChanged } = options;
    const webhooks = await WebhookStore.open(directory, { ...options, onChanged });
    const events = new BucketEvents(options, webhooks);
    if (!(await events.#tryToBegin())) events.#beginning = events.#beginLater();
    return events;
  }

  /** @throws what keeps it from being opened, `disk.full` among it */
  get queue(): DeliveryQueue {
    if (!this.#queue || !this.#intake) throw this.#failure;
    return this.#queue;
  }

  async #beginLater(): Promise<void> {
    const { signal } = this.#closing;
    do await this.clock.sleep(BEGIN_AGAIN_MS, { signal }).catch(() => {});
    while (!signal.aborted && !(await this.#tryToBegin()));
  }

  async #tryToBegin(): Promise<boolean> {
    try {
      await this.#begin();
      return true;
    } catch (error) {
      this.#failure = error;
      if (isQueueDamage(error)) await this.#end(error);
      this.#options.log.error({ err: error }, 'events wait in the journal: their queue cannot be opened yet');
      return false;
    }
  }

  /** What is done of it stays done. */
  async #begin(): Promise<void> {
    const { store, log } = this.#options;
    const { webhooks, clock } = this;
    this.#queue ??= await this.#openQueue();
    const queue = this.#queue;
    for (const { name } of webhooks.all()) this.wake(name);
    if (!webhooks.isIncomplete) for (const name of queue.webhooks()) if (!webhooks.find(name)) queue.forget(name);
    this.#intake = await EventIntake.start({
      feed: store.changes,
      queue,
      clock,
      log,
      hasWebhook: (name) => webhooks.isIncomplete || webhooks.find(name) !== undefined,
      onQueued: (name) => this.wake(name),
    });
    queue.damage.then((error) => {
      this.#beginning = this.#beginning.then(() => this.#beginAnew(queue, error));
    });
  }

  async #openQueue(): Promise<DeliveryQueue> {
    const { directory, limits, log } = this.#options;
    const now = () => this.clock.now();
    const queue = await openQueue({ path: join(directory, 'events.db'), limits, log, now, damage: this.#damage });
    this.#damage = undefined;
    return queue;
  }

  /** Something in the queue cannot be read: it ends, and another takes its place. */
  async #beginAnew(queue: DeliveryQueue, damage: unknown): Promise<void> {
    if (this.#closing.signal.aborted || queue !== this.#queue) return;
    this.#failure = damage;
    await this.#end(damage);
    if (!(await this.#tryToBegin())) await this.#beginLater();
  }

  /** Nothing uses the queue any more when it resolves. */
  async #end(damage?: unknown): Promise<void> {
    const [queue, intake, lanes] = [this.#queue, this.#intake, [...this.#lanes.values()]];
    this.#damage = damage;
    this.#queue = undefined;
    this.#intake = undefined;
    this.#lanes.clear();
    await intake?.close();
    await Promise.all(lanes.map((lane) => lane.close()));
    queue?.close();
  }

  /** There may be something to send to the webhook. */
  wake(name: string): void {
    const lane = this.#lanes.get(name);
    if (lane) lane.wake();
    else if (this.#queue && this.webhooks.find(name)) {
      this.#lanes.set(name, new DeliveryLane(name, this.#laneOptions(name, this.#queue)));
    }
  }

  #laneOptions(name: string, queue: DeliveryQueue) {
    const { region, log, schedule = RETRY_SCHEDULE } = this.#options;
    const { post, clock } = this;
    const webhook = (): Webhook | undefined => this.webhooks.find(name);
    return { queue, post, clock, schedule, region, log, webhook };
  }

  /** The webhook, and what waits for it, is gone. */
  async remove(name: string): Promise<void> {
    const { queue } = this;
    await this.webhooks.remove(name);
    const lane = this.#lanes.get(name);
    this.#lanes.delete(name);
    await lane?.close();
    queue.forget(name);
  }

  /** What is not sent yet stays queued. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#beginning;
    await this.#end();
    this.post.close();
  }
}

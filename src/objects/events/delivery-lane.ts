import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../core/log.ts';
import { backoff } from '../../core/retry.ts';
import { type Delivery, messageId } from './delivery.ts';
import type { DeliveryQueue, DueKey } from './delivery-queue.ts';
import { eventMessage } from './event-message.ts';
import type { Outcome, Poster } from './post.ts';
import { type RetrySchedule, retryDelay } from './retry-schedule.ts';
import { signedHeaders } from './signature.ts';
import type { Webhook } from './webhook-store.ts';

export interface DeliveryLaneOptions {
  readonly queue: DeliveryQueue;
  readonly post: Poster;
  readonly clock: Clock;
  readonly schedule: RetrySchedule;
  readonly region: string;
  readonly log: Logger;
  /** Deliveries to the webhook at a time. */
  readonly parallel?: number;
  /** As it is now; `undefined` once it is removed. */
  readonly webhook: () => Webhook | undefined;
}

const PARALLEL = 8;
/** So many keys failing, and none succeeding, mean that the endpoint is down: then one delivery at a time looks whether it is back. */
const DOWN_AFTER_KEYS = 8;
const LOOK_AGAIN_MAX_MS = 60_000;
const AGAIN_MS = 1000;

/** Works off what waits for one webhook: many keys at a time, the events of a key one after the other. */
export class DeliveryLane {
  readonly #name: string;
  readonly #options: DeliveryLaneOptions;
  readonly #closing = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #failing = new Set<string>();
  #failures = 0;
  #heldUntil = 0;
  #wake = Promise.withResolvers<void>();
  readonly #running: Promise<void>;

  constructor(name: string, options: DeliveryLaneOptions) {
    this.#name = name;
    this.#options = options;
    this.#running = this.#run();
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Attempts under way are broken off; nothing is sent or written any more when it resolves. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.wake();
    await this.#running;
    await Promise.all(this.#underWay.values());
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted && this.#options.webhook()) {
      this.#wake = Promise.withResolvers();
      const next = this.#tryToStart(clock.now());
      const sleeping = new AbortController();
      const waits = [this.#wake.promise];
      if (next !== undefined) {
        waits.push(clock.sleep(Math.max(next - clock.now(), 1), { signal: sleeping.signal }).catch(() => {}));
      }
      await Promise.race(waits);
      sleeping.abort();
    }
  }

  #tryToStart(now: number): number | undefined {
    try {
      return this.#start(now);
    } catch (error) {
      this.#options.log.error({ err: error, webhook: this.#name }, 'what waits for a webhook cannot be read');
      return now + AGAIN_MS;
    }
  }

  /** Starts all that may start, and says when to look again if nothing wakes it before. */
  #start(now: number): number | undefined {
    const { queue, parallel = PARALLEL } = this.#options;
    const isDown = this.#failing.size >= DOWN_AFTER_KEYS;
    const limit = isDown ? 1 : parallel;
    if (this.#underWay.size >= limit) return undefined;
    if (isDown && this.#isHeld(now)) return this.#heldUntil;
    for (const due of queue.due(this.#name, now, limit + this.#underWay.size)) {
      if (this.#underWay.size >= limit) return undefined;
      const key = nameOf(due);
      if (this.#underWay.has(key)) continue;
      this.#underWay.set(
        key,
        this.#work(due).finally(() => {
          this.#underWay.delete(key);
          this.wake();
        }),
      );
    }
    return queue.nextDue(this.#name, now);
  }

  async #work(due: DueKey): Promise<void> {
    const { queue, webhook } = this.#options;
    const delivery = await this.#insist(() => queue.first(due), 'an event cannot be read');
    const target = webhook();
    if (!delivery || !target) return;
    const outcome = await this.#send(delivery, target);
    if (!outcome.delivered && this.#closing.signal.aborted) return;
    this.#observe(nameOf(due), outcome);
    await this.#insist(() => this.#settle(delivery, outcome), 'what became of an event cannot be written yet');
  }

  #send(delivery: Delivery, { id, url, secret }: Webhook): Promise<Outcome> {
    const { post, clock, region } = this.#options;
    const body = eventMessage(delivery, region);
    const headers = signedHeaders(secret, { id: messageId(id, delivery), body, now: clock.now() });
    return post({ url, headers, body, signal: this.#closing.signal });
  }

  #observe(key: string, { delivered }: Outcome): void {
    if (delivered) {
      this.#failing.clear();
      this.#failures = 0;
      return;
    }
    if (this.#failing.size < DOWN_AFTER_KEYS) this.#failing.add(key);
    const now = this.#options.clock.now();
    if (this.#failing.size < DOWN_AFTER_KEYS || this.#isHeld(now)) return;
    this.#heldUntil = now + backoff(++this.#failures, { initialMs: 1000, maxMs: LOOK_AGAIN_MAX_MS });
  }

  /** Not by a time that the clock was set back from. */
  #isHeld(now: number): boolean {
    return now < this.#heldUntil && this.#heldUntil <= now + LOOK_AGAIN_MAX_MS;
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    const { queue, clock, schedule } = this.#options;
    const now = clock.now();
    if (outcome.delivered) {
      queue.delivered(delivery, now);
      return;
    }
    const tried = { ...delivery, attempts: delivery.attempts + 1, lastError: outcome.error };
    if (now - delivery.queuedAt >= schedule.giveUpAfterMs) queue.fail(tried, now);
    else queue.retry(tried, now + retryDelay(tried.attempts, schedule));
  }

  /** On a full disk what was done is remembered until it can be written; the key waits meanwhile. */
  async #insist<T>(step: () => T, complaint: string): Promise<T | undefined> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      try {
        return step();
      } catch (error) {
        log.warn({ err: error, webhook: this.#name }, complaint);
        if (signal.aborted) return undefined;
        await clock.sleep(AGAIN_MS, { signal }).catch(() => {});
      }
    }
  }
}

function nameOf({ bucket, key }: DueKey): string {
  return `${bucket} ${key}`;
}

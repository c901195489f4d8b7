import type { Delivery } from './delivery.ts';
import type { NotificationRule } from './notification-rules.ts';
import type { QueueDatabase } from './queue-database.ts';
import { queueStatements } from './queue-statements.ts';

/** What a bucket sends where, as of the queue's position in the feed. */
export interface BucketRules {
  readonly name: string;
  readonly rules: readonly NotificationRule[];
}

/** What a stretch of the feed adds to the queue. */
export interface Arrivals {
  readonly deliveries: readonly Delivery[];
  /** By the bucket's number; `undefined`: the bucket has no rules any more. */
  readonly rules: ReadonlyMap<number, BucketRules | undefined>;
  readonly position: number;
}

/** An object's key in a bucket, for a webhook: its events go out one after the other. */
export interface DueKey {
  readonly webhook: string;
  readonly bucket: number;
  readonly key: string;
}

export interface KeptDeliveries {
  readonly waiting: readonly Delivery[];
  readonly failed: readonly Delivery[];
}

export interface QueueCounts {
  readonly pending: number;
  readonly failed: number;
  /** Failed events that there was no room for. */
  readonly dropped: number;
}

export interface QueueLimits {
  /** Events that wait for a webhook; of more, the newest fail at once. */
  readonly maxPending: number;
  /** Failed events that are kept of a webhook; of more, the oldest are dropped. */
  readonly maxFailed: number;
}

const LIMITS: QueueLimits = { maxPending: 1_000_000, maxFailed: 100_000 };
/** No attempt is put off for so long: what seems to wait for one was queued before the clock was set back. */
const LONGEST_WAIT_MS = 2 * 3_600_000;
const POSITION = 'position';
const NOTHING: QueueCounts = { pending: 0, failed: 0, dropped: 0 };

/**
 * Events that wait, with the position in the feed that they reach up to, in one
 * transaction: none is queued twice. A key that has events waiting has one entry in
 * `due`, which says when its first event is to be tried.
 */
export class DeliveryQueue {
  readonly #database: QueueDatabase;
  readonly #limits: QueueLimits;
  readonly #counts = new Map<string, QueueCounts>();
  readonly #sql;

  constructor(database: QueueDatabase, limits: Partial<QueueLimits> = {}) {
    this.#database = database;
    this.#limits = { ...LIMITS, ...limits };
    this.#sql = queueStatements(database);
    for (const { webhook } of this.#sql.webhooks.all()) this.#recount(String(webhook));
  }

  /** Resolves when something in it cannot be read. */
  get damage(): Promise<unknown> {
    return this.#database.damage;
  }

  /** `undefined` in a new queue. */
  get position(): number | undefined {
    const row = this.#sql.getState.get(POSITION);
    return row && Number(row.value);
  }

  rules(): ReadonlyMap<number, BucketRules> {
    const rows = this.#sql.buckets.all();
    return new Map(
      rows.map(({ number, name, rules }) => [
        Number(number),
        { name: String(name), rules: this.#parse<readonly NotificationRule[]>(rules) },
      ]),
    );
  }

  counts(webhook: string): QueueCounts {
    return this.#counts.get(webhook) ?? NOTHING;
  }

  add({ deliveries, rules, position }: Arrivals): void {
    const counts = new Map<string, QueueCounts>();
    this.#database.transaction(() => {
      for (const [bucket, row] of rules) {
        if (row) this.#sql.setBucket.run(bucket, row.name, JSON.stringify(row.rules));
        else this.#sql.removeBucket.run(bucket);
      }
      for (const delivery of deliveries) {
        const { webhook } = delivery;
        const before = counts.get(webhook) ?? this.counts(webhook);
        const after =
          before.pending < this.#limits.maxPending
            ? this.#queue(delivery, delivery.queuedAt, before)
            : this.#fail({ ...delivery, lastError: 'too many events wait' }, before);
        counts.set(webhook, after);
      }
      this.#sql.setState.run(POSITION, position);
    });
    for (const [webhook, count] of counts) this.#counts.set(webhook, count);
  }

  /** Keys that may be tried now, the longest waiting first. */
  due(webhook: string, now: number, limit: number): readonly DueKey[] {
    const rows = this.#sql.due.all(webhook, 0, now, limit);
    if (rows.length < limit) {
      rows.push(...this.#sql.due.all(webhook, now + LONGEST_WAIT_MS, Number.MAX_SAFE_INTEGER, limit - rows.length));
    }
    return rows.map(({ bucket, key }) => ({ webhook, bucket: Number(bucket), key: String(key) }));
  }

  /** When the next key comes that is not due yet. */
  nextDue(webhook: string, now: number): number | undefined {
    const row = this.#sql.nextDue.get(webhook, now);
    return row && Math.min(Number(row.at), now + LONGEST_WAIT_MS);
  }

  /** The first event of a key. */
  first({ webhook, bucket, key }: DueKey): Delivery | undefined {
    const row = this.#sql.first.get(webhook, bucket, key);
    return row && this.#parse<Delivery>(row.delivery);
  }

  delivered(delivery: Delivery, now: number): void {
    this.#change(delivery.webhook, (counts) => this.#take(delivery, now, counts));
  }

  retry(delivery: Delivery, at: number): void {
    const { webhook, bucket, key, stamp } = delivery;
    this.#database.transaction(() => {
      this.#sql.update.run(JSON.stringify(delivery), webhook, bucket, key, stamp);
      this.#sql.setDue.run(webhook, bucket, key, at);
    });
  }

  fail(delivery: Delivery, now: number): void {
    this.#change(delivery.webhook, (counts) => this.#fail(delivery, this.#take(delivery, now, counts)));
  }

  /** Failed events from the oldest on. */
  failed(webhook: string, { after = 0, limit }: { readonly after?: number; readonly limit: number }) {
    return this.#sql.failed.all(webhook, after, limit).map(({ delivery }) => this.#parse<Delivery>(delivery));
  }

  /** Back into the queue; false where there is no such failed event. */
  replay(webhook: string, stamp: number, now: number): boolean {
    return this.#takeFailed(webhook, stamp, (delivery, counts) =>
      this.#queue({ ...delivery, attempts: 0, queuedAt: now }, now, counts),
    );
  }

  /** Forgets a failed event; false where there is no such one. */
  drop(webhook: string, stamp: number): boolean {
    return this.#takeFailed(webhook, stamp, (_delivery, counts) => counts);
  }

  /** Everything of the webhook is gone. */
  forget(webhook: string): void {
    this.#database.transaction(() => {
      for (const statement of this.#sql.forget) statement.run(webhook);
      this.#sql.removeState.run(droppedOf(webhook));
    });
    this.#counts.delete(webhook);
  }

  /** Webhooks that something is kept of. */
  webhooks(): readonly string[] {
    return this.#sql.webhooks.all().map(({ webhook }) => String(webhook));
  }

  /** What was kept of another queue, which is damaged. */
  restore({ waiting, failed }: KeptDeliveries, now: number): void {
    const webhooks = new Set([...waiting, ...failed].map(({ webhook }) => webhook));
    this.#database.transaction(() => {
      for (const delivery of waiting) this.#queue(delivery, now, NOTHING);
      for (const delivery of failed) {
        this.#sql.addFailed.run(delivery.webhook, delivery.stamp, JSON.stringify(delivery));
      }
    });
    for (const webhook of webhooks) this.#recount(webhook);
  }

  /** Everything so far survives power loss when it resolves. */
  sync(): Promise<void> {
    return this.#database.sync();
  }

  close(): void {
    this.#database.close();
  }

  #parse<T>(json: unknown): T {
    try {
      return JSON.parse(String(json)) as T;
    } catch (error) {
      this.#database.reportDamage(error);
      throw error;
    }
  }

  /** The journal may bring again what a queue that was made anew has already. */
  #queue(delivery: Delivery, at: number, counts: QueueCounts): QueueCounts {
    const { webhook, bucket, key, stamp } = delivery;
    const { changes } = this.#sql.insert.run(webhook, bucket, key, stamp, JSON.stringify(delivery));
    this.#sql.addDue.run(webhook, bucket, key, at);
    return { ...counts, pending: counts.pending + Number(changes) };
  }

  /** The next event of the key may go at once. */
  #take({ webhook, bucket, key, stamp }: Delivery, now: number, counts: QueueCounts): QueueCounts {
    this.#sql.remove.run(webhook, bucket, key, stamp);
    if (this.#sql.first.get(webhook, bucket, key)) this.#sql.setDue.run(webhook, bucket, key, now);
    else this.#sql.removeDue.run(webhook, bucket, key);
    return { ...counts, pending: counts.pending - 1 };
  }

  #fail(delivery: Delivery, counts: QueueCounts): QueueCounts {
    const { webhook, stamp } = delivery;
    const isKnown = this.#sql.getFailed.get(webhook, stamp) !== undefined;
    this.#sql.addFailed.run(webhook, stamp, JSON.stringify(delivery));
    if (isKnown) return counts;
    if (counts.failed < this.#limits.maxFailed) return { ...counts, failed: counts.failed + 1 };
    this.#sql.dropOldest.run(webhook, webhook);
    this.#sql.setState.run(droppedOf(webhook), counts.dropped + 1);
    return { ...counts, dropped: counts.dropped + 1 };
  }

  #takeFailed(webhook: string, stamp: number, then: (delivery: Delivery, counts: QueueCounts) => QueueCounts): boolean {
    const row = this.#sql.getFailed.get(webhook, stamp);
    if (!row) return false;
    this.#change(webhook, (counts) => {
      this.#sql.removeFailed.run(webhook, stamp);
      return then(this.#parse<Delivery>(row.delivery), { ...counts, failed: counts.failed - 1 });
    });
    return true;
  }

  /** The counts change when the transaction did. */
  #change(webhook: string, change: (counts: QueueCounts) => QueueCounts): void {
    this.#counts.set(
      webhook,
      this.#database.transaction(() => change(this.counts(webhook))),
    );
  }

  #recount(webhook: string): void {
    const row = this.#sql.count.get(webhook, webhook);
    const dropped = Number(this.#sql.getState.get(droppedOf(webhook))?.value ?? 0);
    this.#counts.set(webhook, { pending: Number(row?.pending), failed: Number(row?.failed), dropped });
  }
}

const droppedOf = (webhook: string) => `dropped ${webhook}`;

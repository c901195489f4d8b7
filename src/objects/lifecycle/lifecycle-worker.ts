import { type Clock, systemClock } from '../../core/clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { type Expired, sweepBucket } from './bucket-sweep.ts';
import { expirationRecord } from './expiration-record.ts';
import { LIFECYCLE } from './lifecycle-rule.ts';

export interface LifecycleOptions {
  readonly store: ObjectStore;
  readonly log: Logger;
  readonly intervalMs: number;
  /** Of the buckets that have one; absent: none of them. */
  readonly accessLog?: AccessLog | undefined;
  readonly clock?: Clock | undefined;
}

/** Not at once: a platform that starts has other things to do. */
const FIRST_AFTER_MS = 60_000;

/** Further ahead than it slept, the clock was set, or the machine was asleep. */
const MAX_JUMP_MS = 3600_000;

/** Sweeps the buckets that have lifecycle rules, again and again. */
export class LifecycleWorker {
  readonly #options: LifecycleOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const { intervalMs } = this.#options;
    const { signal } = this.#stop;
    let wait = Math.min(intervalMs, FIRST_AFTER_MS);
    while (!signal.aborted) {
      const before = this.#clock.now();
      await this.#clock.sleep(wait, { signal }).catch(() => {});
      if (signal.aborted) return;
      if (!this.#hasJumped(this.#clock.now() - before - wait)) await this.#sweep();
      wait = intervalMs;
    }
  }

  /** What a wrong clock makes due is gone for good: who sets it right has until the next sweep. */
  #hasJumped(aheadMs: number): boolean {
    if (aheadMs <= MAX_JUMP_MS) return false;
    this.#options.log.warn({ aheadMs }, 'the clock has jumped: lifecycle rules wait for the next sweep');
    return true;
  }

  /** One bucket's failure is not another's. */
  async #sweep(): Promise<void> {
    const { store, log, accessLog } = this.#options;
    for (const bucket of store.buckets()) {
      if (this.#stop.signal.aborted) return;
      if (bucket.documents?.[LIFECYCLE] === undefined) continue;
      try {
        const onExpired = (expired: Expired) =>
          accessLog?.add(bucket, () => expirationRecord(expired, bucket, this.#clock.now()));
        const options = { store, now: this.#clock.now(), signal: this.#stop.signal, onExpired };
        const swept = await sweepBucket(bucket, options);
        const isAnything = Object.values(swept).some((count) => count > 0);
        if (isAnything) log.info({ bucket: bucket.name, ...swept }, 'lifecycle rules were applied');
      } catch (cause) {
        const error = HoldfastError.from(cause);
        if (error.code !== 'bucket.not-found')
          log.warn({ bucket: bucket.name, err: error }, 'a lifecycle sweep failed');
      }
    }
  }

  /** A sweep under way ends after its step. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

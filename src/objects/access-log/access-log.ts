import { type Clock, systemClock } from '../../core/clock.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { type AccessRecord, recordLine } from './access-record.ts';
import { type BucketLogging, bucketLogging } from './bucket-logging.ts';
import { logKey } from './log-key.ts';

export interface AccessLogOptions {
  readonly store: Pick<ObjectStore, 'put'>;
  readonly log: Logger;
  readonly region: string;
  /** How long a line waits at most before it is delivered; five minutes unless said. */
  readonly accessLogMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Lines that go into one object together. */
interface Batch {
  readonly source: string;
  readonly logging: BucketLogging;
  /** Where objects are named by the day of their requests: that day's midnight. */
  readonly day: number | undefined;
  readonly lines: string[];
  bytes: number;
  /** Given at the first attempt: another one replaces what a lost answer left. */
  key?: string;
}

const INTERVAL_MS = 5 * 60_000;
/** An object is delivered when it is so large, however little time has passed. */
const OBJECT_BYTES = 1024 * 1024;
/** Of all lines that are not delivered yet; what comes beyond is dropped, and counted. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const DAY_MS = 24 * 3600_000;
const METADATA = { contentType: 'text/plain', headers: {}, user: {} };

/**
 * The access logs of buckets that have one: a line for each request, gathered in memory and put into the target
 * bucket now and then. Best effort, as in S3: what is not delivered when the process dies is lost. Its own
 * deliveries are no requests, so that a bucket that logs into itself does not grow by itself.
 */
export class AccessLog {
  readonly #options: AccessLogOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #gathering = new Map<string, Batch>();
  /** Full, or failed and to be tried again. */
  readonly #waiting = new Set<Batch>();
  readonly #deliveries = new Set<Promise<void>>();
  /** By source: why its last delivery failed, which is said once. */
  readonly #failing = new Map<string, string>();
  #heldBytes = 0;
  #dropped = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#running = this.#run();
  }

  /** Costs a look at the bucket where it has no access log. */
  add(bucket: Bucket, record: () => AccessRecord): void {
    const logging = bucketLogging(bucket);
    if (!logging) return;
    const made = record();
    const line = recordLine(made);
    if (this.#heldBytes + line.length > MAX_HELD_BYTES) {
      this.#dropped++;
      return;
    }
    this.#gather(line, this.#batchOf(bucket.name, logging, made.time));
  }

  /** Delivers what there is. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#deliverAll();
  }

  #batchOf(source: string, logging: BucketLogging, time: number): Batch {
    const day = logging.keyFormat === 'event-time' ? time - (time % DAY_MS) : undefined;
    const id = JSON.stringify([source, logging, day]);
    const known = this.#gathering.get(id);
    if (known) return known;
    const batch: Batch = { source, logging, day, lines: [], bytes: 0 };
    this.#gathering.set(id, batch);
    return batch;
  }

  #gather(line: string, batch: Batch): void {
    batch.lines.push(line);
    batch.bytes += line.length;
    this.#heldBytes += line.length;
    if (batch.bytes < OBJECT_BYTES) return;
    for (const [id, one] of this.#gathering) if (one === batch) this.#gathering.delete(id);
    this.#begin(batch);
  }

  async #run(): Promise<void> {
    const { accessLogMs = INTERVAL_MS } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#clock.sleep(accessLogMs, { signal }).catch(() => {}); // closed meanwhile
      if (!signal.aborted) await this.#deliverAll();
    }
  }

  async #deliverAll(): Promise<void> {
    const batches = [...this.#waiting, ...this.#gathering.values()];
    this.#waiting.clear();
    this.#gathering.clear();
    for (const batch of batches) this.#begin(batch);
    await Promise.all(this.#deliveries);
    if (this.#dropped === 0) return;
    this.#options.log.warn({ lines: this.#dropped }, 'access log lines were dropped: too many wait for their delivery');
    this.#dropped = 0;
  }

  #begin(batch: Batch): void {
    const delivery = this.#deliver(batch).finally(() => this.#deliveries.delete(delivery));
    this.#deliveries.add(delivery);
  }

  async #deliver(batch: Batch): Promise<void> {
    const { source, logging, day, lines } = batch;
    const { store, region } = this.#options;
    batch.key ??= logKey(logging, { source, region, day, deliveredAt: this.#clock.now() });
    const body = Buffer.from(lines.join(''));
    try {
      await store.put({ bucket: logging.target, key: batch.key, body, size: body.length, metadata: METADATA });
      this.#failing.delete(source);
      this.#heldBytes -= batch.bytes;
    } catch (cause) {
      this.#failed(batch, HoldfastError.from(cause));
    }
  }

  /** What passes by itself is waited for, as far as memory goes; with a target that is gone or full nobody can help the lines. */
  #failed(batch: Batch, error: HoldfastError): void {
    const { source, logging, lines } = batch;
    const isKept = !this.#stop.signal.aborted && (error.kind === 'unavailable' || error.code === 'disk.full');
    if (isKept) this.#waiting.add(batch);
    else this.#heldBytes -= batch.bytes;
    if (this.#failing.get(source) === error.code) return;
    this.#failing.set(source, error.code);
    const what = { bucket: source, target: logging.target, lines: lines.length, err: error };
    this.#options.log.warn(what, isKept ? 'the access log of a bucket waits' : 'the access log of a bucket is dropped');
  }
}

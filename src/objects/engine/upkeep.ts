import type { Catalog } from './catalog/catalog.ts';
import type { Committer } from './committer.ts';
import type { Compaction } from './compaction.ts';
import type { SalvageRecord } from './salvage-record.ts';

const FLUSH_AT_ENTRIES = 4096;
/** Each flush has a price of its own: a transaction, the counters, a look at the free room. What waits, listings merge. */
const FLUSH_AFTER_MS = 100;
const RETRY_AFTER_MS = 1000;
/** Beyond this the index is behind for good, and writers wait for it. */
const MAX_PENDING_ENTRIES = 100_000;

interface UpkeepOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly compaction: Compaction;
  readonly salvage: Pick<SalvageRecord, 'keepsBucket'>;
}

/**
 * Work behind the answers, one thing at a time: what is applied reaches the index
 * file, deleted buckets are emptied, what no snapshot needs any more goes, the journal
 * is compacted.
 */
export class Upkeep {
  readonly #catalog: Catalog;
  readonly #committer: Committer;
  readonly #compaction: Compaction;
  readonly #removedBuckets: Set<number>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor({ catalog, committer, compaction, salvage }: UpkeepOptions) {
    this.#catalog = catalog;
    this.#committer = committer;
    this.#compaction = compaction;
    this.#removedBuckets = new Set(catalog.removedBuckets().filter((id) => !salvage.keepsBucket(id)));
    if (this.#hasWork) this.#schedule(FLUSH_AFTER_MS);
  }

  /** Resolves late only when the index cannot keep up. Never waits for compaction, which itself writes. */
  async afterBatch(): Promise<void> {
    if (this.#catalog.pending >= FLUSH_AT_ENTRIES) this.#start();
    else this.#schedule(FLUSH_AFTER_MS);
    if (this.#catalog.pending >= MAX_PENDING_ENTRIES) await this.#catalog.flush().catch(() => {});
  }

  bucketRemoved(id: number): void {
    this.#removedBuckets.add(id);
    this.#start();
  }

  #schedule(ms: number): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.#start(), ms).unref();
  }

  #start(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#work();
  }

  /** What fails stays to be done: nothing here is needed for an answer. */
  async #work(): Promise<void> {
    try {
      await this.#catalog.flush();
      for (const bucket of this.#removedBuckets) await this.#purge(bucket);
      for (const bucket of this.#catalog.retained.prunable) await this.#prune(bucket);
      if (!this.#closed) await this.#compaction.run();
    } catch {
      this.#schedule(RETRY_AFTER_MS);
    }
    this.#running = undefined;
    if (this.#hasWork) this.#schedule(FLUSH_AFTER_MS);
  }

  get #hasWork(): boolean {
    const { pending, retained } = this.#catalog;
    return pending > 0 || this.#removedBuckets.size > 0 || retained.prunable.length > 0;
  }

  /** Each step looks at what is in the index file, so everything has to be there. */
  async #purge(bucket: number): Promise<void> {
    while (!this.#closed) {
      await this.#catalog.flush();
      if (await this.#alone(() => this.#catalog.purgeStep(bucket))) continue;
      this.#removedBuckets.delete(bucket);
      return;
    }
  }

  /** What has been retained for a snapshot or a fork that is gone. */
  async #prune(bucket: number): Promise<void> {
    for (let more = true; more && !this.#closed; ) {
      await this.#catalog.flush();
      more = await this.#alone(() => this.#catalog.retained.pruneStep(bucket));
    }
  }

  /** Between batches: what a commit has decided, like to share the files of what it copies, must hold until it is applied. */
  async #alone(step: () => boolean): Promise<boolean> {
    let more = false;
    const decide = () => {
      more = step();
      return [];
    };
    await this.#committer.commit({ scopes: 'everything', decide, done: () => undefined });
    return more;
  }

  /** What there was to do at the time of the call is done, or has failed, when it resolves. */
  async settle(): Promise<void> {
    await this.#running;
    this.#start();
    await this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}

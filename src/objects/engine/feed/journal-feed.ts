import { nap } from '../../../core/nap.ts';
import type { Change, ChangeFeed, ChangePage, ReadChanges, Subscription } from '../../store/change-feed.ts';
import type { BucketTable } from '../catalog/bucket-table.ts';
import type { LocatedRecord } from '../journal/batch.ts';
import type { Journal } from '../journal/journal.ts';
import { type ChangeRecord, changeOf, changeRecord, isOfBucket } from './change.ts';
import type { FeedConsumers } from './feed-consumers.ts';
import { type FeedStretch, FeedTail } from './feed-tail.ts';

const PAGE_CHANGES = 1000;

interface Waiting {
  /** Moves on over what is not asked for. */
  from: number;
  readonly wants: (record: ChangeRecord) => boolean;
  readonly wake: () => void;
}

interface JournalFeedOptions {
  readonly journal: Journal;
  readonly buckets: BucketTable;
  readonly consumers: FeedConsumers;
}

/** The feed of the journal: what was just written from memory, what came before from the segments. */
export class JournalFeed implements ChangeFeed {
  readonly #options: JournalFeedOptions;
  readonly #tail = new FeedTail();
  readonly #waiting = new Set<Waiting>();
  #end: number;

  constructor(options: JournalFeedOptions) {
    this.#options = options;
    this.#end = options.journal.position;
  }

  /** The first segment of the journal that a consumer needs; infinite where there is none. */
  get firstNeeded(): number {
    const { journal, consumers } = this.#options;
    return journal.sequenceOf(consumers.first);
  }

  /** Called after each batch. */
  appended(located: readonly LocatedRecord[]): void {
    if (located.length === 0) return;
    const from = this.#end;
    this.#end = this.#options.journal.position;
    const { count } = this.#options.consumers;
    if (count === 0) return;
    const stretch = { from, next: this.#end, records: located.flatMap(({ record }) => changeRecord(record) ?? []) };
    for (const waiting of this.#waiting) this.#offer(waiting, stretch);
    if (this.#waiting.size < count) this.#tail.push(stretch);
    else this.#tail.clear();
  }

  async subscribe(consumer: string): Promise<Subscription> {
    const { buckets, consumers } = this.#options;
    const end = this.#end;
    const known = consumers.position(consumer);
    const position = known ?? end;
    const rows = buckets.rows().map(({ id, bucket }) => ({ bucket: id, settings: bucket }));
    if (!consumers.has(consumer)) await consumers.set(consumer, position);
    return { position, end, buckets: rows };
  }

  /** What compaction may have back is counted in segments: only a new one is worth a write. */
  async advance(consumer: string, position: number): Promise<void> {
    const { journal, consumers } = this.#options;
    const before = consumers.position(consumer);
    if (before === undefined || journal.sequenceOf(before) >= journal.sequenceOf(position)) return;
    await consumers.set(consumer, position);
  }

  unsubscribe(consumer: string): Promise<void> {
    return this.#options.consumers.remove(consumer);
  }

  async read({ from, buckets, waitMs = 0 }: ReadChanges, { signal }: { signal?: AbortSignal | undefined } = {}) {
    const asked = buckets && new Set(buckets);
    const wants = (record: ChangeRecord) => !asked || asked.has(record.bucket) || isOfBucket(record);
    const page = await this.#page(from, wants);
    if (page.changes.length > 0 || waitMs === 0 || signal?.aborted) return page;
    return this.#page(await this.#wait({ from: page.next, wants }, waitMs, signal), wants);
  }

  /** Ends behind a batch, so that the next one begins where a batch does. */
  async #page(from: number, wants: Waiting['wants']): Promise<ChangePage> {
    const changes: Change[] = [];
    let next = from;
    let filter = wants;
    while (next < this.#end && changes.length < PAGE_CHANGES && filter === wants) {
      const stretch = this.#tail.at(next) ?? (await this.#readStretch(next));
      for (const record of stretch.records) {
        // Rules of the reader may change with the bucket: from here on it must see everything.
        if (isOfBucket(record)) filter = () => true;
        if (filter(record)) changes.push(changeOf(record));
      }
      next = stretch.next;
    }
    return { changes, next };
  }

  async #readStretch(from: number): Promise<FeedStretch> {
    const { records, next } = await this.#options.journal.page(from, this.#end);
    return { from, next, records: records.flatMap(({ record }) => changeRecord(record) ?? []) };
  }

  /** Resolves with where to go on reading. */
  async #wait(
    { from, wants }: Pick<Waiting, 'from' | 'wants'>,
    ms: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (from < this.#end) return from;
    const { over, wake } = nap(ms, signal);
    const waiting: Waiting = { from, wants, wake };
    this.#waiting.add(waiting);
    await over;
    this.#waiting.delete(waiting);
    return waiting.from;
  }

  #offer(waiting: Waiting, { from, next, records }: FeedStretch): void {
    if (waiting.from === from && !records.some(waiting.wants)) {
      waiting.from = next;
      return;
    }
    this.#waiting.delete(waiting);
    waiting.wake();
  }

  /** Nobody waits any more when it returns. */
  close(): void {
    for (const { wake } of this.#waiting) wake();
  }
}

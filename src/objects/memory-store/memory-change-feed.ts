import { nap } from '../../core/nap.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Change, ChangeFeed, ChangePage, ReadChanges, Subscription } from '../store/change-feed.ts';

/** The feed of the store in memory: positions count changes, and none is ever given up. */
export class MemoryChangeFeed implements ChangeFeed {
  readonly #changes: Change[] = [];
  readonly #positions = new Map<string, number>();
  readonly #buckets: () => Subscription['buckets'];
  readonly #waiting = new Set<() => void>();

  constructor(buckets: () => Subscription['buckets']) {
    this.#buckets = buckets;
  }

  push(change: Change): void {
    this.#changes.push(change);
    for (const wake of this.#waiting) wake();
  }

  bucketChanged(bucket: number, settings: Bucket): void {
    this.push({ kind: 'bucket', bucket, settings });
  }

  async subscribe(consumer: string): Promise<Subscription> {
    const end = this.#changes.length;
    const position = this.#positions.get(consumer) ?? end;
    this.#positions.set(consumer, position);
    return { position, end, buckets: this.#buckets() };
  }

  async advance(consumer: string, position: number): Promise<void> {
    this.#positions.set(consumer, position);
  }

  async unsubscribe(consumer: string): Promise<void> {
    this.#positions.delete(consumer);
  }

  async read(request: ReadChanges, { signal }: { readonly signal?: AbortSignal | undefined } = {}) {
    const page = this.#page(request);
    if (page.changes.length > 0 || !request.waitMs || signal?.aborted) return page;
    await this.#wait(request.waitMs, signal);
    return this.#page(request);
  }

  #page({ from, buckets }: ReadChanges): ChangePage {
    const rest = this.#changes.slice(from);
    const bucketChange = rest.findIndex(isOfBucket);
    const page = bucketChange < 0 ? rest : rest.slice(0, bucketChange + 1);
    const changes = page.filter((change) => isOfBucket(change) || !buckets || buckets.includes(change.bucket));
    return { changes, next: from + page.length };
  }

  /** For any change; one that was not asked for ends it too, with an empty page. */
  async #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { over, wake } = nap(ms, signal);
    this.#waiting.add(wake);
    await over;
    this.#waiting.delete(wake);
  }
}

function isOfBucket({ kind }: Change): boolean {
  return kind === 'bucket' || kind === 'bucket-removed';
}

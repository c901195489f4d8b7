import { type BucketRow, type BucketState, encodeBucketHead } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Committer, Draft } from './committer.ts';
import type { Purpose } from './journal/purpose.ts';
import { RecordKind } from './journal/record.ts';

const NO_BYTES = Buffer.alloc(0);

interface BucketCommitsOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
  /** Others that go by the bucket; a change is answered when they know it. */
  readonly onChanged: ((name: string) => Promise<void>) | undefined;
}

interface Change<T> {
  readonly draft: Draft;
  readonly result: T;
}

/**
 * Changes to buckets are rare and commit alone: they may look at everything, and every
 * write has a smaller stamp or a larger one than what they take from the clock.
 */
export class BucketCommits {
  readonly #options: BucketCommitsOptions;

  constructor(options: BucketCommitsOptions) {
    this.#options = options;
  }

  async commit<T>(bucket: string, decide: () => Change<T>, purpose: Purpose = 'write'): Promise<T> {
    let result: T;
    const committed = await this.#options.committer.commit({
      scopes: 'everything',
      purpose,
      decide: () => {
        const decided = decide();
        result = decided.result;
        return [decided.draft];
      },
      done: () => result,
    });
    await this.#options.onChanged?.(bucket);
    return committed;
  }

  /** @throws HoldfastError `bucket.not-found` */
  row(name: string): BucketRow {
    return this.#options.catalog.buckets.named(name);
  }
}

export function bucketDraft(id: number, state: BucketState): Draft {
  return { kind: RecordKind.bucket, bucket: id, key: NO_BYTES, head: encodeBucketHead(state), data: NO_BYTES };
}

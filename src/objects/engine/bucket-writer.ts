import { newBucket, withSettings } from './bucket-settings.ts';
import type { BucketHead, BucketRow } from './bucket-table.ts';
import type { Catalog } from './catalog.ts';
import type { Committer, Draft } from './committer.ts';
import * as errors from './errors.ts';
import { type HybridClock, wallTime } from './hybrid-clock.ts';
import type { Purpose } from './journal.ts';
import { encodeHead, type RemovalHead } from './ledger.ts';
import { checkBucketName } from './names.ts';
import type { Bucket, BucketChanges, BucketSettings } from './object-store.ts';
import { RecordKind } from './record.ts';

const NO_BYTES = Buffer.alloc(0);

interface BucketWriterOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly clock: HybridClock;
  /** Of the objects of a new bucket, sealed; `undefined` where the store does not encrypt. */
  readonly newKey: () => string | undefined;
  readonly onRemoved: (bucket: number) => void;
  /** Others that go by the bucket; a change is answered when they know it. */
  readonly onChanged: ((name: string) => Promise<void>) | undefined;
}

/** Changes to buckets are rare and commit alone: they may look at everything. */
export class BucketWriter {
  readonly #options: BucketWriterOptions;

  constructor(options: BucketWriterOptions) {
    this.#options = options;
  }

  async create(name: string, settings: Partial<BucketSettings>): Promise<Bucket> {
    checkBucketName(name);
    const { catalog, clock, newKey } = this.#options;
    return this.#commit(name, () => {
      if (catalog.buckets.byName(name)) throw errors.bucketExists(name);
      const bucket = newBucket(name, wallTime(clock.tick()), settings);
      return { draft: bucketDraft(catalog.nextBucket, { ...bucket, sealedKey: newKey() }), result: bucket };
    });
  }

  async update(name: string, changes: BucketChanges): Promise<Bucket> {
    return this.#commit(name, () => {
      const { id, bucket: before, sealedKey } = this.#row(name);
      const bucket = withSettings(before, changes);
      return { draft: bucketDraft(id, { ...bucket, sealedKey }), result: bucket };
    });
  }

  /** Of a bucket that has none yet; once, however many ask. */
  async giveKey({ id, bucket: { name } }: BucketRow): Promise<void> {
    const { catalog, committer, newKey } = this.#options;
    await committer.commit({
      scopes: 'everything',
      decide: () => {
        const row = catalog.buckets.byId(id);
        if (!row) throw errors.bucketNotFound(name);
        return row.sealedKey === undefined ? [bucketDraft(id, { ...row.bucket, sealedKey: newKey() })] : [];
      },
      done: () => undefined,
    });
  }

  async remove(name: string, force: boolean): Promise<void> {
    const { catalog, clock, onRemoved } = this.#options;
    const id = await this.#commit(
      name,
      () => {
        const row = this.#row(name);
        if (!force && !catalog.versions.isEmpty(row.id)) throw errors.bucketNotEmpty(name);
        if (row.bucket.objectLock && catalog.versions.anyLocked(row.id, clock.now())) throw errors.bucketLocked(name);
        const head: RemovalHead = { span: catalog.buckets.span(row) };
        const draft = {
          kind: RecordKind.bucketRemoval,
          bucket: row.id,
          key: NO_BYTES,
          head: encodeHead(head),
          data: NO_BYTES,
        };
        return { draft, result: row.id };
      },
      'remove',
    );
    onRemoved(id);
  }

  async #commit<T>(
    name: string,
    decide: () => { readonly draft: Draft; readonly result: T },
    purpose: Purpose = 'write',
  ): Promise<T> {
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
    await this.#options.onChanged?.(name);
    return committed;
  }

  #row(name: string): BucketRow {
    const row = this.#options.catalog.buckets.byName(name);
    if (!row) throw errors.bucketNotFound(name);
    return row;
  }
}

function bucketDraft(id: number, head: BucketHead): Draft {
  return { kind: RecordKind.bucket, bucket: id, key: NO_BYTES, head: encodeHead(head), data: NO_BYTES };
}

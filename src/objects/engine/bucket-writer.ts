import { setImmediate } from 'node:timers/promises';
import { inTurns } from '../../core/in-turns.ts';
import type { Bucket, BucketChanges, BucketSource, NewBucket } from '../store/bucket.ts';
import { newBucket, withSettings } from '../store/bucket-settings.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { checkBucketName } from '../store/names.ts';
import { wallTime } from '../store/stamp.ts';
import { stampText } from '../store/version-id.ts';
import { type BucketCommits, bucketDraft } from './bucket-commits.ts';
import type { BaseRow, BucketRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { encodeHead, type RemovalHead } from './catalog/head.ts';
import type { LockSearch } from './catalog/lock-search.ts';
import { findSnapshot } from './catalog/snapshot-rows.ts';
import type { Committer } from './committer.ts';
import type { BucketKeys } from './encryption/bucket-keys.ts';
import type { HybridClock } from './hybrid-clock.ts';
import { RecordKind } from './journal/record.ts';
import { bucketScope } from './scopes.ts';

const NO_BYTES = Buffer.alloc(0);
/** Of buckets at a time: each takes some 0.1 ms of the one writer. */
const RESEAL_STEP = 64;

interface BucketWriterOptions {
  readonly catalog: Catalog;
  readonly commits: BucketCommits;
  readonly committer: Committer;
  readonly clock: HybridClock;
  /** `undefined`: the store does not encrypt. */
  readonly keys: BucketKeys | undefined;
  readonly onRemoved: (bucket: number) => void;
}

/** Commits buckets. */
export class BucketWriter {
  readonly #options: BucketWriterOptions;
  /** By bucket. */
  readonly #giving = new Map<number, Promise<void>>();

  constructor(options: BucketWriterOptions) {
    this.#options = options;
  }

  async create(name: string, { from, ...settings }: NewBucket): Promise<Bucket> {
    checkBucketName(name);
    const { catalog, clock, commits, keys } = this.#options;
    return commits.commit(name, () => {
      if (catalog.buckets.byName(name)) throw bucketErrors.exists(name);
      const fork = from && this.#fork(from);
      const bucket = newBucket({ name, createdAt: wallTime(clock.tick()), fork }, settings);
      const sealedKey = fork ? fork.sealedKey : keys?.make();
      const draft = bucketDraft(catalog.nextBucket, { bucket, sealedKey, snapshots: [], base: fork?.base });
      return { draft, result: bucket };
    });
  }

  /**
   * Of the present a fork takes the moment after everything so far. What it shows is sealed by the base's key: of a base
   * that has none it gets one as every bucket without, when that is known not to be lost.
   */
  #fork({ bucket, snapshot: name }: BucketSource) {
    const { catalog, clock, commits } = this.#options;
    const row = commits.row(bucket);
    const snapshot = name === undefined ? undefined : findSnapshot(row, name);
    const { objects, bytes } = snapshot ?? catalog.usage(row);
    const base: BaseRow = { bucket: row.id, stamp: snapshot?.stamp ?? clock.tick(), objects, bytes };
    const id = snapshot && stampText(snapshot.stamp);
    return { base, of: row.bucket, snapshot: id, sealedKey: row.sealedKey };
  }

  async update(name: string, changes: BucketChanges): Promise<Bucket> {
    const { commits } = this.#options;
    return commits.commit(name, () => {
      const { id, ...before } = commits.row(name);
      const bucket = withSettings(before.bucket, changes);
      return { draft: bucketDraft(id, { ...before, bucket }), result: bucket };
    });
  }

  /**
   * Of a bucket that has none yet; once, however many ask. Where something in it is sealed, it has had one.
   * @throws HoldfastError `bucket.key-lost`
   */
  giveKey({ id, bucket: { name } }: BucketRow): Promise<void> {
    const giving = this.#giving.get(id) ?? this.#giveKey(id, name).finally(() => this.#giving.delete(id));
    this.#giving.set(id, giving);
    return giving;
  }

  async #giveKey(id: number, name: string): Promise<void> {
    const { catalog, committer, keys } = this.#options;
    if (catalog.buckets.byId(id)?.sealedKey !== undefined) return;
    if (await inTurns(catalog.hasLostKey(id))) throw bucketErrors.keyLost(name);
    await committer.commit({
      scopes: 'everything',
      decide: () => {
        const row = catalog.buckets.byId(id);
        if (!row) throw bucketErrors.notFound(name);
        return row.sealedKey === undefined ? [bucketDraft(id, { ...row, sealedKey: keys?.make() })] : [];
      },
      done: () => undefined,
    });
  }

  /** All keys of buckets that are not lost by the master key that seals now. A fork made meanwhile may have its base's as it was: until none is left. */
  async reseal(): Promise<number> {
    while (await this.#resealAll());
    const { catalog, keys } = this.#options;
    const sealed = catalog.buckets.rows().filter(({ sealedKey }) => sealedKey !== undefined);
    return sealed.length - (keys?.lost(sealed).length ?? 0);
  }

  /** In steps, so that no write waits for all of them. Gives whether there was anything to do. */
  async #resealAll(): Promise<boolean> {
    const { catalog, committer } = this.#options;
    // What was decided with an earlier key is applied then.
    await committer.commit({ scopes: 'everything', decide: () => [], done: () => undefined });
    const ids = catalog.buckets.rows().map(({ id }) => id);
    let resealed = 0;
    for (let at = 0; at < ids.length; at += RESEAL_STEP) {
      const step = ids.slice(at, at + RESEAL_STEP).map((id) => this.#reseal(id));
      for (const records of await Promise.all(step)) resealed += records;
    }
    return resealed > 0;
  }

  #reseal(id: number): Promise<number> {
    const { catalog, committer, keys } = this.#options;
    return committer.commit({
      scopes: [bucketScope(id)],
      decide: () => {
        const row = catalog.buckets.byId(id);
        if (row?.sealedKey === undefined || !keys) return [];
        const sealedKey = keys.reseal(row.sealedKey);
        return sealedKey === row.sealedKey ? [] : [bucketDraft(id, { ...row, sealedKey })];
      },
      done: ({ length }) => length,
    });
  }

  /** @throws HoldfastError `bucket.has-forks`, `bucket.locked`, and unless `force` `bucket.not-empty`, `bucket.has-snapshots` */
  async remove(name: string, force: boolean): Promise<void> {
    const { catalog, clock, onRemoved, commits } = this.#options;
    const found = this.#removable(name, force);
    using search = catalog.versions.searchLocks(found.id);
    // Locks are given only by a bucket that has object lock: one that gets it now has had none to find.
    if (found.bucket.objectLock) await this.#refuseLocked(name, search.locks);
    const id = await commits.commit(
      name,
      () => {
        const row = this.#removable(name, force);
        if (row.id !== found.id) throw bucketErrors.notFound(name);
        if (search.locks.anyNewLocked(clock.now())) throw bucketErrors.locked(name);
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

  #removable(name: string, force: boolean): BucketRow {
    const { catalog, commits } = this.#options;
    const row = commits.row(name);
    if (catalog.buckets.pins.hasForks(row.id)) throw bucketErrors.hasForks(name);
    if (!force && !catalog.holdsNothing(row)) throw bucketErrors.notEmpty(name);
    if (!force && row.snapshots.length > 0) throw bucketErrors.hasSnapshots(name);
    return row;
  }

  /** In no commit, which all others would wait for: of what is written meanwhile the search takes note. */
  async #refuseLocked(name: string, locks: LockSearch): Promise<void> {
    const { clock } = this.#options;
    for (let look = locks.step(clock.now()); look !== 'unlocked'; look = locks.step(clock.now())) {
      if (look === 'locked') throw bucketErrors.locked(name);
      await setImmediate();
    }
  }
}

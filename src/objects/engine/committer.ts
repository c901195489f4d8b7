import { isHoldfastCode } from '../../core/errors.ts';
import { storeErrors } from '../store/errors/store-errors.ts';
import type { Growth } from '../store/quota.ts';
import type { Catalog } from './catalog/catalog.ts';
import { engineErrors } from './errors.ts';
import type { HybridClock } from './hybrid-clock.ts';
import { BATCH_HEADER_BYTES, batchBytes, type LocatedRecord } from './journal/batch.ts';
import type { Journal } from './journal/journal.ts';
import { PURPOSES, type Purpose } from './journal/purpose.ts';
import { type JournalRecord, recordBytes } from './journal/record.ts';

/** A record before its place in the order is known; `stamp` only where it has one already. */
export interface Draft extends Omit<JournalRecord, 'stamp' | 'moved'>, Partial<Pick<JournalRecord, 'stamp' | 'moved'>> {
  /** How many data files it takes into use or out of it. */
  readonly files?: number;
}

export interface Commit<T> {
  /** What it reads and changes. No two commits of a batch share a scope. */
  readonly scopes: readonly string[] | 'everything';
  /** What it may take of the space that is left on a full disk; `write` unless said. */
  readonly purpose?: Purpose;
  /** Called when all before it but those of its batch is applied, and what these add known: checks, and says what to write. Throws to refuse. */
  decide(growth: Growth): readonly Draft[];
  /** Called when the records are durable and applied. */
  done(records: readonly LocatedRecord[]): T;
}

interface Waiting {
  readonly commit: Commit<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Decided extends Waiting {
  readonly records: readonly JournalRecord[];
  /** What it adds to a batch. */
  readonly weight: number;
}

interface CommitterOptions {
  readonly journal: Journal;
  readonly catalog: Catalog;
  readonly clock: HybridClock;
  /** Called after each batch, with what it wrote. */
  readonly onApplied: (records: readonly LocatedRecord[]) => Promise<void> | undefined;
  /** Called when the catalog could not take what is durable: it does not follow the journal any more. */
  readonly onUnapplied: (error: unknown) => void;
}

const BATCH_TARGET_BYTES = 4 * 2 ** 20;
/** All of a batch is applied in one go, each file that is counted in some microseconds: not many thousand of them. */
const FILE_WEIGHT = 2048;

/**
 * The one writer of the journal: group commit. While one batch is on its way to the
 * disk the next one gathers. Decisions see everything before them applied, because
 * commits that share a scope go into different batches: whatever fails, there is
 * nothing to take back.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #batchBytes: number;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#batchBytes = Math.min(BATCH_TARGET_BYTES, options.journal.maxBatchBytes);
  }

  /** Durable and visible when it resolves. */
  commit<T>(commit: Commit<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(storeErrors.closed());
      this.#queue.push({ commit, resolve: resolve as (value: unknown) => void, reject });
      this.#running ??= this.#run();
    });
  }

  /** What has been asked for is done when it resolves; nothing more is accepted. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  /** Ends in the same step in which it finds the queue empty: no commit is left waiting. */
  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#gather();
      try {
        await this.#write(batch);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  /** In order; who shares a scope with an earlier one waits for the next batch. */
  #gather(): Decided[] {
    const batch: Decided[] = [];
    const later: Waiting[] = [];
    const taken = new Set<string>();
    const growth: Growth = new Map();
    let bytes = BATCH_HEADER_BYTES;
    let full = false;
    for (const waiting of this.#queue) {
      const { scopes } = waiting.commit;
      const exclusive = scopes === 'everything';
      const blocked = exclusive ? batch.length + later.length > 0 : scopes.some((scope) => taken.has(scope));
      if (!exclusive) for (const scope of scopes) taken.add(scope);
      if (full || blocked) {
        later.push(waiting);
        full ||= exclusive;
        continue;
      }
      const decided = this.#decide(waiting, growth);
      const weight = decided?.weight ?? 0;
      full = exclusive || (batch.length > 0 && bytes + weight > this.#batchBytes);
      if (full && !exclusive) later.push(waiting);
      else if (decided) {
        batch.push(decided);
        bytes += weight;
      }
    }
    this.#queue = later;
    return batch;
  }

  #decide(waiting: Waiting, growth: Growth): Decided | undefined {
    try {
      const drafts = waiting.commit.decide(growth);
      const records = drafts.map((draft) => ({ moved: false, stamp: this.#options.clock.tick(), ...draft }));
      const weight = records.reduce((sum, record) => sum + recordBytes(record) + (record.files ?? 0) * FILE_WEIGHT, 0);
      return { ...waiting, records, weight };
    } catch (error) {
      waiting.reject(error);
      return undefined;
    }
  }

  async #write(batch: readonly Decided[]): Promise<void> {
    const { journal, onApplied, onUnapplied } = this.#options;
    const writing = await this.#withRoom(batch);
    const records = writing.flatMap((decided) => decided.records);
    const located = records.length > 0 ? await journal.append(records) : [];
    try {
      this.#apply(writing, located);
    } catch (error) {
      onUnapplied(error);
      throw engineErrors.indexDamaged(error);
    }
    await onApplied(located);
  }

  #apply(writing: readonly Decided[], located: readonly LocatedRecord[]): void {
    const { journal, catalog } = this.#options;
    for (const record of located) catalog.apply(record);
    catalog.reached(journal.position);
    let at = 0;
    for (const { commit, records, resolve } of writing) {
      resolve(commit.done(located.slice(at, at + records.length)));
      at += records.length;
    }
  }

  /** On a full disk writes are refused first, then removals, then what compaction moves. */
  async #withRoom(batch: readonly Decided[]): Promise<readonly Decided[]> {
    let remaining = batch;
    for (const purpose of PURPOSES) {
      const refusable = remaining.filter((decided) => purposeOf(decided) === purpose);
      if (refusable.length === 0) continue;
      try {
        await this.#options.journal.prepare(batchBytes(remaining.flatMap(({ records }) => records)), purpose);
        return remaining;
      } catch (error) {
        if (!isHoldfastCode(error, 'disk.full')) throw error;
        for (const { reject } of refusable) reject(error);
        remaining = remaining.filter((decided) => !refusable.includes(decided));
      }
    }
    return remaining;
  }
}

/** `undefined` where there is nothing to write. */
function purposeOf({ commit, records }: Decided): Purpose | undefined {
  return records.length === 0 ? undefined : (commit.purpose ?? 'write');
}

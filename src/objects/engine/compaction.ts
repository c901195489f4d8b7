import { isHoldfastCode } from '../../core/errors.ts';
import type { Catalog } from './catalog/catalog.ts';
import { KeptRecords } from './catalog/kept-records.ts';
import type { Committer } from './committer.ts';
import type { JournalFeed } from './feed/journal-feed.ts';
import type { LocatedRecord } from './journal/batch.ts';
import type { Journal } from './journal/journal.ts';
import { type JournalRecord, RecordKind } from './journal/record.ts';
import { bucketScope, objectScope, uploadScope } from './scopes.ts';

/** Copying is worth it when no more than this share of a segment is needed. */
const NEEDED_SHARE = 0.5;
const MOVE_BYTES = 2 ** 20;

interface CompactionOptions {
  readonly journal: Journal;
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly feed: Pick<JournalFeed, 'firstNeeded'>;
  /** Garbage that may lie around: waiting lets segments die by themselves, which costs no copy. */
  readonly slackBytes: number;
}

/**
 * Copies what is still needed out of mostly dead segments to the journal's end, with
 * its old stamps, and gives the segments back.
 *
 * A removal is needed as long as a segment may hold what it removed: a rebuild of the
 * index from the journal would bring it to life again. Its span says which segments.
 */
export class Compaction {
  readonly #options: CompactionOptions;
  readonly #kept: KeptRecords;
  /** Existing segments in the span of a segment's removals, when they were last looked at. */
  readonly #examined = new Map<number, number>();
  /** Of damaged segments, the bytes that are needed and cannot be moved: until they are removed, it is of no use to look again. */
  readonly #stuck = new Map<number, number>();

  constructor(options: CompactionOptions) {
    this.#options = options;
    this.#kept = new KeptRecords(options.catalog);
  }

  /** Compacts until no segment is worth it. */
  async run(): Promise<void> {
    for (let next = this.#choose(); next !== undefined; next = this.#choose()) {
      await this.#compact(next);
    }
  }

  /** Only what the index file has behind it, and those who follow: neither must miss a segment. */
  #choose(): number | undefined {
    const { journal, catalog, feed } = this.#options;
    const end = Math.min(journal.activeSequence, journal.sequenceOf(catalog.savedPosition), feed.firstNeeded);
    const settled = journal.sequences.filter((sequence) => sequence < end && !journal.isPinned(sequence));
    const dead = settled.find((sequence) => this.#isDead(sequence));
    if (dead !== undefined) return dead;
    const movable = settled.filter((sequence) => this.#stuck.get(sequence) !== catalog.segments.row(sequence).live);
    return movable.find((sequence) => journal.isDamaged(sequence)) ?? this.#cheapest(movable);
  }

  #isDead(sequence: number): boolean {
    const { live, span } = this.#options.catalog.segments.row(sequence);
    return live === 0 && (!span || this.#existing(span.first, span.last, sequence) === 0);
  }

  /** Up to a third of the journal, or the slack, may be garbage; nothing on a full disk. */
  #cheapest(settled: readonly number[]): number | undefined {
    const { journal, catalog, slackBytes } = this.#options;
    const rows = settled.map((sequence) => catalog.segments.row(sequence));
    const needed = rows.reduce((sum, { live, removals }) => sum + live + removals, 0);
    const garbage = settled.length * journal.segmentBytes - needed;
    if (!journal.isScarce && garbage <= Math.max(slackBytes, needed / 2)) return undefined;
    return settled.find((sequence) => this.#isWorthIt(sequence));
  }

  #isWorthIt(sequence: number): boolean {
    const { journal, catalog } = this.#options;
    const { live, removals, span } = catalog.segments.row(sequence);
    const limit = journal.segmentBytes * NEEDED_SHARE;
    if (live > limit) return false;
    const spanned = span ? this.#existing(span.first, span.last, sequence) : 0;
    if (spanned === 0 || live + removals <= limit) return true;
    const before = this.#examined.get(sequence);
    if (before === undefined) this.#examined.set(sequence, spanned);
    return before !== undefined && spanned <= before / 2;
  }

  #existing(first: number, last: number, except: number): number {
    return this.#options.journal.sequences.filter((s) => s >= first && s <= last && s !== except).length;
  }

  async #compact(sequence: number): Promise<void> {
    const { journal, catalog } = this.#options;
    const { records, isWhole } = await this.#recordsOf(sequence);
    let chunk: LocatedRecord[] = [];
    let bytes = 0;
    for (const located of records) {
      if (!this.#isNeeded(located, sequence)) continue;
      chunk.push(located);
      bytes += located.length;
      if (bytes < MOVE_BYTES) continue;
      await this.#move(chunk, sequence);
      chunk = [];
      bytes = 0;
    }
    await this.#move(chunk, sequence);
    await catalog.flush();
    const { live } = catalog.segments.row(sequence);
    const isMissed = live > 0; // what the index counts and does not name: it is damaged, and the journal builds another
    if (isMissed || !(isWhole || this.#isDead(sequence))) {
      this.#stuck.set(sequence, live);
      return;
    }
    if (!(await journal.recycle(sequence))) return;
    catalog.segments.forget(sequence);
    this.#examined.delete(sequence);
    this.#stuck.delete(sequence);
  }

  /** Of a damaged segment, what is whole: it has to go, since no index could be built again with it. */
  async #recordsOf(sequence: number) {
    const { journal } = this.#options;
    try {
      return { records: await journal.records(sequence), isWhole: true };
    } catch (error) {
      if (!isHoldfastCode(error, 'journal.corrupt') && !isHoldfastCode(error, 'object.damaged')) throw error;
      return { records: await journal.salvage(sequence), isWhole: false };
    }
  }

  /** Decided again in the journal's order: what was removed meanwhile stays where it is. */
  async #move(records: readonly LocatedRecord[], sequence: number): Promise<void> {
    if (records.length === 0) return;
    await this.#options.committer.commit({
      scopes: records.map(({ record }) => scopeOf(record)),
      purpose: 'compact',
      decide: () =>
        records.filter((located) => this.#isNeeded(located, sequence)).map(({ record }) => this.#kept.moved(record)),
      done: () => undefined,
    });
  }

  #isNeeded({ record, position }: LocatedRecord, sequence: number): boolean {
    const exists = (first: number, last: number) => this.#existing(first, last, sequence) > 0;
    return this.#kept.isNeeded(record, position, exists);
  }
}

function scopeOf({ kind, bucket, key }: JournalRecord): string {
  switch (kind) {
    case RecordKind.version:
    case RecordKind.removal:
    case RecordKind.retained:
    case RecordKind.whiteout:
      return objectScope(bucket, key.toString());
    case RecordKind.bucket:
    case RecordKind.bucketRemoval:
      return bucketScope(bucket);
    default:
      return uploadScope(key.toString());
  }
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { objectErrors } from '../../store/errors/object-errors.ts';
import { engineErrors } from '../errors.ts';
import { BATCH_HEADER_BYTES, BLOCK_BYTES, batchBytes, encodeBatch, type LocatedRecord } from './batch.ts';
import { type JournalPage, readPage } from './journal-page.ts';
import { type DamageVisitor, replaySegments } from './journal-replay.ts';
import { KEPT_SPARES, type Purpose } from './purpose.ts';
import { decodeRecord, type JournalRecord, recordBytes } from './record.ts';
import { Segment } from './segment.ts';
import { SegmentPool } from './segment-pool.ts';
import { salvageSegment } from './segment-salvage.ts';
import { type RecordVisitor, scanSegment } from './segment-scan.ts';

const SEGMENT = /^(\d{12})\.journal$/;
/** A segment always keeps room for the batch that says it ends here. */
const SEAL_BYTES = BLOCK_BYTES;

export interface JournalOptions {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly salt: number;
}

/**
 * The one durable thing. Positions are bytes since the journal's birth: the
 * segment's sequence times the segment size, plus the offset in it. Old segments
 * come back as new ones, so positions have gaps, but they only grow.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #segments: Map<number, Segment>;
  readonly #pool: SegmentPool;
  #active: Segment;
  /** Behind the active one, while that is being sealed. */
  #next: Segment | undefined;
  #offset = 0;
  #previous = 0;
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * BLOCK_BYTES);
  #hasFailed = false;

  private constructor(options: JournalOptions, segments: Map<number, Segment>, pool: SegmentPool, active: Segment) {
    this.#options = options;
    this.#segments = segments;
    this.#pool = pool;
    this.#active = active;
  }

  /** `replay` must be called before the first append. */
  static async open(options: JournalOptions): Promise<Journal> {
    const pool = await SegmentPool.open(options.directory, options.segmentBytes);
    const segments = new Map<number, Segment>();
    for (const name of (await readdir(options.directory)).sort()) {
      const sequence = Number(SEGMENT.exec(name)?.[1]);
      if (sequence) segments.set(sequence, await Segment.open(join(options.directory, name), sequence));
    }
    let active = [...segments.values()].at(-1);
    if (!active) {
      await pool.fill(1);
      active = await pool.take(1);
      segments.set(1, active);
    }
    return new Journal(options, segments, pool, active);
  }

  /** Where the next batch goes. */
  get position(): number {
    return this.#active.sequence * this.#options.segmentBytes + this.#offset;
  }

  /** Of some batch that was to be written nobody knew whether it was there. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get activeSequence(): number {
    return this.#active.sequence;
  }

  /** New segments can only come from old ones. */
  get isScarce(): boolean {
    return this.#pool.isDiskFull && this.#pool.size <= KEPT_SPARES.write;
  }

  /** Ascending. */
  get sequences(): readonly number[] {
    return [...this.#segments.keys()];
  }

  get segmentBytes(): number {
    return this.#options.segmentBytes;
  }

  /** The largest batch that fits. */
  get maxBatchBytes(): number {
    return this.#options.segmentBytes - SEAL_BYTES;
  }

  sequenceOf(position: number): number {
    return Math.floor(position / this.#options.segmentBytes);
  }

  /**
   * Visits every record from `from` on (0: all) and sets the end, where appends go on.
   * A torn batch at the end never was acknowledged and is cut. One that reads whole may be known to the system's
   * memory alone, when the process died while it was written or the write failed: it is written again.
   * @throws HoldfastError `journal.corrupt` when valid batches follow a damaged one, unless `onDamage` is there to take
   * note, and when the journal ends before `from`
   */
  async replay(from: number, visit: RecordVisitor, onDamage?: DamageVisitor): Promise<void> {
    const segments = [...this.#segments.values()].filter(({ sequence }) => sequence >= this.sequenceOf(from));
    const { tail, last, rewriteLast } = await replaySegments(segments, { ...this.#options, from, visit, onDamage });
    this.#offset = tail?.offset ?? 0;
    this.#previous = tail?.previous ?? 0;
    const { sequence, name } = last ?? this.#active;
    const end = (tail || !last ? sequence : sequence + 1) * this.#options.segmentBytes + this.#offset;
    // What the index knows was durable before: to write on from here would put other records in its places.
    if (end < from) throw engineErrors.journalCut(name, this.#offset);
    await rewriteLast();
    await this.#settleTail(tail?.segment);
  }

  /** Segments after the tail were only prepared; a sealed tail needs a successor. */
  async #settleTail(tail: Segment | undefined): Promise<void> {
    if (!tail) {
      await this.#pool.fill(1);
      return this.#advance();
    }
    for (const segment of this.#segments.values()) {
      if (segment.sequence <= tail.sequence) continue;
      this.#segments.delete(segment.sequence);
      await this.#pool.recycle(segment);
    }
    this.#active = tail;
    this.#fillAhead(KEPT_SPARES.write);
  }

  /**
   * Makes room for a batch of `bytes`, and keeps the spares that are for others.
   * @throws HoldfastError `disk.full`; then nothing has changed
   */
  async prepare(bytes: number, purpose: Purpose): Promise<void> {
    const fits = this.#offset + bytes + SEAL_BYTES <= this.#options.segmentBytes;
    await this.#pool.fill(KEPT_SPARES[purpose] + (fits || this.#next ? 0 : 1));
    if (!fits) await this.#advance();
    else if (this.#offset * 2 > this.#options.segmentBytes) this.#fillAhead(KEPT_SPARES.write + 1);
  }

  /** In the background; when it fails, the write that needs the space finds out. */
  #fillAhead(spares: number): void {
    this.#pool.fill(spares).catch(() => {});
  }

  async #advance(): Promise<void> {
    this.#next ??= await this.#pool.take(this.#active.sequence + 1);
    if (this.#offset > 0) await this.#write([]);
    this.#active = this.#next;
    this.#segments.set(this.#active.sequence, this.#active);
    this.#next = undefined;
    this.#offset = 0;
    this.#previous = 0;
  }

  /** Durable when it resolves. `prepare` has made room. One call at a time. */
  async append(records: readonly JournalRecord[]): Promise<readonly LocatedRecord[]> {
    const start = this.position;
    await this.#write(records);
    let position = start + BATCH_HEADER_BYTES;
    return records.map((record) => {
      const located = { record, position, length: recordBytes(record) };
      position += located.length;
      return located;
    });
  }

  /**
   * After a failed write nobody knows what is on the disk, and to ask again can lie: the system may have dropped
   * what it could not write (fsync(2)). Nobody is told that it is there, and the next batch takes its place.
   */
  async #write(records: readonly JournalRecord[]): Promise<void> {
    const bytes = batchBytes(records);
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
    const target = this.#buffer.subarray(0, bytes);
    const crc = encodeBatch(records, target, {
      position: this.position,
      previous: this.#previous,
      salt: this.#options.salt,
    });
    try {
      await this.#active.write(target, this.#offset);
    } catch (error) {
      this.#hasFailed = true;
      throw engineErrors.journalFailed(error);
    }
    this.#previous = crc;
    this.#offset += bytes;
  }

  /** Keeps the bytes at `position` readable until the returned function is called. */
  pin(position: number): () => void {
    const segment = this.#segmentAt(position);
    segment.pin();
    let held = true;
    return () => {
      if (held) segment.unpin();
      held = false;
    };
  }

  /** The record of that stamp. @throws HoldfastError `object.damaged` */
  async read(position: number, length: number, stamp: number): Promise<JournalRecord> {
    const record = decodeRecord(await this.#bytes(position, length), 0);
    if (record?.stamp === stamp) return record;
    this.#segmentAt(position).reportDamage();
    throw objectErrors.damaged(`the record at ${position} of the journal`);
  }

  #segmentAt(position: number): Segment {
    const segment = this.#segments.get(this.sequenceOf(position));
    if (!segment) throw objectErrors.damaged(`position ${position} of the journal`);
    return segment;
  }

  /** All records of a sealed segment. @throws HoldfastError `journal.corrupt`, `object.damaged` */
  async records(sequence: number): Promise<readonly LocatedRecord[]> {
    const segment = this.#segments.get(sequence);
    if (!segment) return [];
    const records: LocatedRecord[] = [];
    const { sealed, offset } = await scanSegment(segment, this.#options, (record) => void records.push(record));
    if (!sealed) throw engineErrors.journalCut(segment.name, offset);
    return records;
  }

  /** As `readPage`, of the first segment that has any. */
  async page(from: number, end: number): Promise<JournalPage> {
    const first = this.sequences.find((sequence) => sequence >= this.sequenceOf(from));
    const segment = this.#segments.get(first ?? this.#active.sequence) ?? this.#active;
    return segment.whilePinned(() => readPage(segment, { ...this.#options, from, end }));
  }

  async #bytes(position: number, length: number): Promise<Buffer> {
    const segment = this.#segmentAt(position);
    return segment.whilePinned(() => segment.read(position % this.#options.segmentBytes, length));
  }

  /** Of a segment that is damaged. */
  async salvage(sequence: number): Promise<readonly LocatedRecord[]> {
    const segment = this.#segments.get(sequence);
    return segment ? (await salvageSegment(segment, this.#options)).records : [];
  }

  isDamaged(sequence: number): boolean {
    return this.#segments.get(sequence)?.isDamaged ?? false;
  }

  isPinned(sequence: number): boolean {
    return this.#segments.get(sequence)?.pinned ?? false;
  }

  /** Gives a sealed segment back; false while a reader holds it. Nothing in it may be needed any more. */
  async recycle(sequence: number): Promise<boolean> {
    const segment = this.#segments.get(sequence);
    if (!segment || segment === this.#active || segment.pinned) return false;
    this.#segments.delete(sequence);
    await this.#pool.recycle(segment);
    return true;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#next?.close();
    for (const segment of this.#segments.values()) await segment.close();
  }
}

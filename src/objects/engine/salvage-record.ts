import { join } from 'node:path';
import { makeDirectoryDurable, writeFileDurable } from '../../core/durable-files.ts';
import { KeptFile } from '../../core/kept-file.ts';
import type { Logger } from '../../core/log.ts';
import type { SegmentDamage } from './journal/journal-replay.ts';
import type { LostStretch } from './journal/segment-salvage.ts';

const FILE = 'lost.json';

/** What a salvage has lost, for people and for later starts. */
interface Lost {
  readonly segments: readonly {
    readonly segment: string;
    readonly at: string;
    readonly lost: readonly LostStretch[];
  }[];
  /** Numbers of those of which there are objects, and no record any more. */
  readonly buckets: readonly number[];
}

const NOTHING: Lost = { segments: [], buckets: [] };

/**
 * The directory `damaged/` of a store: each segment that was salvaged, as it was, and `lost.json`. As long as it is
 * there nothing is removed that only what is lost may have named: files that no record names, and objects of buckets
 * that have no record. Who has looked at it, or has no hope of it, removes the directory.
 */
export class SalvageRecord {
  readonly #directory: string;
  readonly #file: KeptFile<Lost>;
  #lost: Lost;
  readonly #isMissing: boolean;

  private constructor(directory: string, file: KeptFile<Lost>, { lost, isMissing }: Known) {
    this.#directory = directory;
    this.#file = file;
    this.#lost = lost;
    this.#isMissing = isMissing;
  }

  static async open(directory: string, log: Logger | undefined): Promise<SalvageRecord> {
    const isContent = ({ segments, buckets }: Partial<Lost>) => Array.isArray(segments) && Array.isArray(buckets);
    const file = new KeptFile<Lost>(join(directory, FILE), { log, isContent });
    const lost = (await file.read()) ?? NOTHING;
    return new SalvageRecord(directory, file, { lost, isMissing: await file.isMissing() });
  }

  /** Something was lost. */
  get hasLosses(): boolean {
    return this.#lost.segments.length > 0 || this.#isMissing;
  }

  /** Whether objects of the bucket, which has no record, stay. */
  keepsBucket(bucket: number): boolean {
    return this.#isMissing || this.#lost.buckets.includes(bucket);
  }

  /** Durable when it resolves. */
  async add({ segment, lost, bytes }: SegmentDamage): Promise<void> {
    await makeDirectoryDurable(this.#directory);
    await writeFileDurable(join(this.#directory, segment), bytes);
    const others = this.#lost.segments.filter((one) => one.segment !== segment);
    await this.#write({ ...this.#lost, segments: [...others, { segment, at: new Date().toISOString(), lost }] });
  }

  async addBuckets(added: readonly number[]): Promise<void> {
    const buckets = [...new Set([...this.#lost.buckets, ...added])];
    if (added.length > 0) await this.#write({ ...this.#lost, buckets });
  }

  async #write(lost: Lost): Promise<void> {
    await this.#file.write(lost);
    this.#lost = lost;
  }
}

interface Known {
  readonly lost: Lost;
  /** What was lost is itself lost. */
  readonly isMissing: boolean;
}

import { isLocked } from '../../store/object-lock.ts';
import type { JournalRecord } from '../journal/record.ts';
import { bucketRange, versionKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';
import { decodeVersionHead } from './version.ts';

const STEP_VERSIONS = 1000;
/** At which every retention still holds. */
const BEFORE_ALL_TIME = Number.NEGATIVE_INFINITY;
const NEXT = Buffer.of(0);

/**
 * Looks for locked versions in a bucket of any size without holding up anybody: step by step,
 * while others write. What they write or lock behind its back is noted, and looked at in the end.
 */
export class LockSearch {
  readonly #index: ObjectIndex;
  readonly #bucket: number;
  readonly #end: Buffer;
  #start: Buffer | undefined;
  /** Versions that came with a lock since the search began. */
  readonly #noted: { readonly prefix: Buffer; readonly stamp: number }[] = [];

  constructor(index: ObjectIndex, bucket: number) {
    const { start, end } = bucketRange(bucket);
    this.#index = index;
    this.#bucket = bucket;
    this.#start = start;
    this.#end = end;
  }

  /** `unlocked`: nothing that was there when the search began is locked. */
  step(now: number): 'more' | 'locked' | 'unlocked' {
    let seen = 0;
    for (const found of this.#index.versionsBefore(this.#end)(this.#start ?? this.#end)) {
      if (isLocked(found.version().metadata, { now })) return 'locked';
      if (++seen < STEP_VERSIONS) continue;
      this.#start = Buffer.concat([versionKey(found.prefix, found.stamp), NEXT]);
      return 'more';
    }
    this.#start = undefined;
    return 'unlocked';
  }

  /** To be told of every version that is written, at once. */
  written(prefix: Buffer, { bucket, stamp, head }: JournalRecord): void {
    if (bucket !== this.#bucket) return;
    const { metadata } = decodeVersionHead(head);
    if (isLocked(metadata, { now: BEFORE_ALL_TIME })) this.#noted.push({ prefix, stamp });
  }

  /** Whether something is locked that was written since the search began. */
  anyNewLocked(now: number): boolean {
    return this.#noted.some(({ prefix, stamp }) => {
      const found = this.#index.find(prefix, stamp);
      return found !== undefined && isLocked(found.version().metadata, { now });
    });
  }
}

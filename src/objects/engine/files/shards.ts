import { wallTime } from '../../store/stamp.ts';

/** Directories that data files are spread over. */
export const SHARDS = 256;

/**
 * Where the file of that id is written. The counter of a stamp is nearly always 0, so the millisecond decides;
 * it is mixed (Knuth, TAOCP 3, 6.4: multiplicative hashing), so that files which come at a fixed interval are spread, too.
 */
export function shardOf(id: number): number {
  return Math.imul(wallTime(id), 0x9e3779b1) >>> 24;
}

/** Where it was written before: ids are multiples of 2,048 but for few, so nearly always in shard 0. */
export function earlierShardOf(id: number): number {
  return id % SHARDS;
}

export function shardName(shard: number): string {
  return shard.toString(16).padStart(2, '0');
}

export function isShardName(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

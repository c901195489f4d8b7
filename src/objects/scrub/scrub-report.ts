import type { IndexRebuild } from '../store/index-rebuild.ts';
import type { DamagedObject } from '../store/integrity.ts';

/** One pass over everything that is stored. */
export interface ScrubPass {
  readonly startedAt: number;
  /** Absent: it is under way. */
  readonly finishedAt?: number | undefined;
  readonly objects: number;
  readonly bytes: number;
  /** The first 1,000. */
  readonly damaged: readonly DamagedObject[];
  readonly damagedCount: number;
}

export interface ScrubReport {
  readonly current?: ScrubPass | undefined;
  readonly last?: ScrubPass | undefined;
  /** Files that were damaged, and whose content is missing until somebody has seen to it; below the role's directory. */
  readonly setAside?: readonly string[] | undefined;
  /** Buckets whose key is lost. */
  readonly lostKeys?: readonly string[] | undefined;
  /** The last there was. */
  readonly indexRebuild?: IndexRebuild | undefined;
}

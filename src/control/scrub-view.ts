/** One pass of the check of everything that buckets hold. */
export interface ScrubPassView {
  readonly startedAt: number;
  /** `null`: it is under way. */
  readonly finishedAt: number | null;
  readonly objects: number;
  readonly bytes: number;
  readonly damagedCount: number;
  /** The first 1,000. */
  readonly damaged: readonly {
    readonly bucket: string;
    readonly key: string;
    readonly versionId: string;
    readonly message: string;
  }[];
}

/** The index of the object store was built anew from its journal. */
export interface IndexRebuildView {
  readonly at: number;
  readonly tookMs: number;
  /** `null`: the one before was gone, or the machine had stopped over it. */
  readonly damage: string | null;
}

export interface ScrubView {
  readonly current: ScrubPassView | null;
  readonly last: ScrubPassView | null;
  /** Files of the object store that were damaged, and whose content is missing; below `objects/` of the data directory. */
  readonly setAside: readonly string[];
  /** Buckets whose key is lost, and with it what they hold. */
  readonly lostKeys: readonly string[];
  readonly indexRebuild: IndexRebuildView | null;
}

/** The index of a store was built anew from its journal. */
export interface IndexRebuild {
  /** When it was complete. Milliseconds since the epoch. */
  readonly at: number;
  readonly tookMs: number;
  /** What was damaged in the one before, for a person. Absent: that one was gone, or the machine had stopped over it. */
  readonly damage?: string | undefined;
}

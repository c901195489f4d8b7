/** Files above this size go in parts, several at once; what the SDK takes where nobody says otherwise. */
export const PART_SIZE = 8 * 1024 * 1024;
export const PARALLEL_PARTS = 4;

/** What a transfer of one file holds in memory at most: its parts under way, and two that wait. */
export function transferWeight(size: number): number {
  return Math.min(size, (PARALLEL_PARTS + 2) * PART_SIZE);
}

/** What the meter reads of one file, directory or link. */
export interface MeteredObject {
  readonly size: number;
  /** Bytes that are allocated: what the holes of a sparse file leave. */
  readonly allocated: number;
}

const METADATA = 2 * 1024;
const UNIT = 4 * 1024;

/** 2 KiB of metadata and the data rounded up to 4 KiB, at least 4 KiB: an empty file is 6 KiB. */
export function meteredSize({ size, allocated }: MeteredObject): number {
  return METADATA + Math.max(1, Math.ceil(Math.min(size, allocated) / UNIT)) * UNIT;
}

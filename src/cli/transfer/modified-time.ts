import type { BigIntStats } from 'node:fs';

/** Where rclone keeps the time of a file too: `x-amz-meta-mtime`, seconds with a fraction. */
export const MTIME = 'mtime';

/** As metadata: `1600000000.123456789`. */
export function formatModified({ mtimeNs }: Pick<BigIntStats, 'mtimeNs'>): string {
  const [sign, ns] = mtimeNs < 0n ? ['-', -mtimeNs] : ['', mtimeNs];
  return `${sign}${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`;
}

/** Milliseconds; `undefined` where no tool has kept a time. */
export function readModified(metadata: Readonly<Record<string, string>>): number | undefined {
  const seconds = Number(metadata[MTIME] || Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** File systems and the call that sets a time keep it less exactly than it is told. */
export function sameTime(a: number, b: number): boolean {
  return Math.abs(a - b) < 1;
}

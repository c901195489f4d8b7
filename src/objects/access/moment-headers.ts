/** When to read as of, which is none of S3's. */
export const SNAPSHOT_HEADER = 'x-holdfast-snapshot';
export const AT_HEADER = 'x-holdfast-at';

/** Who reads a moment of the past reads versions, whether the request names one or not. */
export function namesMoment(headers: ReadonlyMap<string, string>): boolean {
  return headers.has(SNAPSHOT_HEADER) || headers.has(AT_HEADER);
}

import type { FoundVersion } from './found-version.ts';

/** All writes wait for a step: so many entries, and the data files that they name. */
const STEP = 1000;

interface Step {
  readonly versions: readonly FoundVersion[];
  /** There may be more. */
  readonly isCut: boolean;
}

/** One entry at least, where there is any. */
export function firstStep(found: Iterable<FoundVersion>): Step {
  const versions: FoundVersion[] = [];
  let weight = 0;
  for (const version of found) {
    versions.push(version);
    weight += 1 + version.fileCount;
    if (weight >= STEP) return { versions, isCut: true };
  }
  return { versions, isCut: false };
}

import type { Path, Problem } from '../schema/validate.ts';

/** A file of another platform as an app file. */
export interface Imported {
  readonly document: unknown;
  readonly notices: readonly string[];
  readonly problems: readonly Problem[];
  /** Where in the original stands what `path` of the document was made of. */
  readonly origin: (path: Path) => Path;
}

export function importFlyToml(value: unknown): Imported {
  return { document: value, notices: [], problems: [], origin: (path) => path };
}

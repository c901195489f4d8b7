/** A file or an object below the top of one side. */
export interface Entry {
  /** From the top, parts by `/`. One that ends in `/` is a directory with nothing in it. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since the epoch, with fractions. */
  readonly modified: number;
  /** Of objects. */
  readonly etag?: string | undefined;
}

/** What was left alone, and why. */
export interface Notice {
  readonly path: string;
  readonly reason: string;
}

/** Everything below the top of one side. */
export interface Tree {
  readonly entries: ReadonlyMap<string, Entry>;
  /** There, but not to be copied, replaced or deleted: links, devices. */
  readonly skipped: readonly Notice[];
  /** Could not be looked at: what else is below them is not known. */
  readonly unreadable: readonly Notice[];
}

export const isDirectory = ({ path }: Pick<Entry, 'path'>): boolean => path.endsWith('/');

/** Directories above a path, the nearest first: `a/b/c` → `a/b`, `a`. */
export function parentsOf(path: string): string[] {
  const parts = path.replace(/\/$/, '').split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, parts.length - 1 - i).join('/'));
}

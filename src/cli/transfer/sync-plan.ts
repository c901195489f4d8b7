import type { PathFilter } from './path-filter.ts';
import { type Entry, isDirectory, parentsOf, type Tree } from './tree.ts';

export interface Pair {
  readonly source: Entry;
  readonly target: Entry;
}

/** What two trees say before a single file is looked at. */
export interface Comparison {
  /** Only in the source. */
  readonly missing: readonly Entry[];
  /** In both, of one size: whether they are the same is to be found out. */
  readonly alike: readonly Pair[];
  /** In both, of different sizes. */
  readonly different: readonly Entry[];
  /** Only in the target. */
  readonly extra: readonly Entry[];
}

export interface CompareOptions {
  readonly counts: PathFilter;
  /** What is extra will be deleted: a directory is then not there because of what is in it. */
  readonly deletes: boolean;
}

export function compareTrees(source: Tree, target: Tree, { counts, deletes }: CompareOptions): Comparison {
  const extra = extraEntries(source, target, counts);
  const missing: Entry[] = [];
  const alike: Pair[] = [];
  const different: Entry[] = [];
  const gone = new Set(deletes ? extra : []);
  const known = new Set(
    [...target.entries.values()].flatMap((entry) => (gone.has(entry) ? [] : parentsOf(entry.path))),
  );
  for (const entry of source.entries.values()) {
    if (!counts(entry.path)) continue;
    const other = target.entries.get(entry.path);
    if (other) {
      if (other.size !== entry.size) different.push(entry);
      else alike.push({ source: entry, target: other });
    } else if (!isDirectory(entry) || !known.has(entry.path.slice(0, -1))) missing.push(entry);
  }
  return { missing, alike, different, extra };
}

/** Skipped in the source is not gone from it: neither it nor what is below it counts as extra. */
function extraEntries(source: Tree, target: Tree, counts: PathFilter): Entry[] {
  const skipped = new Set(source.skipped.map(({ path }) => path.replace(/\/$/, '')));
  const directories = new Set([...source.entries.keys()].flatMap(parentsOf));
  return [...target.entries.values()].filter(({ path }) => {
    const own = path.replace(/\/$/, '');
    const there = source.entries.has(path) || (own !== path && directories.has(own));
    return !there && counts(path) && ![own, ...parentsOf(path)].some((name) => skipped.has(name));
  });
}

/** Extra entries that stand where something is to be written: a file for a directory, or the other way round. */
export function inTheWay(extra: readonly Entry[], written: readonly Entry[]): Entry[] {
  const files = new Set(written.filter((entry) => !isDirectory(entry)).map(({ path }) => path));
  const directories = new Set(written.flatMap(({ path }) => [...parentsOf(path), path.replace(/\/$/, '')]));
  return extra.filter(
    (entry) =>
      parentsOf(entry.path).some((parent) => files.has(parent)) ||
      (isDirectory(entry) ? files.has(entry.path.slice(0, -1)) : directories.has(entry.path) && !files.has(entry.path)),
  );
}

/** Objects that cannot be files, since there are others "below" them: `a` beside `a/b`. */
export function filesThatAreDirectories(source: Tree): Entry[] {
  const directories = new Set([...source.entries.keys()].flatMap(parentsOf));
  return [...source.entries.values()].filter(
    (entry) => !isDirectory(entry) && (directories.has(entry.path) || source.entries.has(`${entry.path}/`)),
  );
}

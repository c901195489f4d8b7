import type { ListedObject, ListObjects, ListPage, ListVersions, VersionPage } from './list.ts';
import type { ListedVersion } from './object.ts';
import { stampText } from './version-id.ts';

/** Where a scan begins: at the key itself, after it, or after every key that begins with it. */
export interface Bound {
  readonly key: string;
  readonly edge: 'at' | 'after' | 'after-prefix';
}

/** Where a scan of versions begins: also within a key, below the version of that stamp. */
export interface VersionBound extends Bound {
  readonly below?: number | undefined;
}

/**
 * Current objects from `bound` on, ascending in UTF-8 byte order. `undefined` stands for something that does not show:
 * of those there may be any number between two objects.
 */
export type Scan = (bound: Bound) => Iterable<ListedObject | undefined>;

export interface ScannedVersion {
  readonly key: string;
  readonly stamp: number;
  /** Asked for what gets into the page only. */
  version(): ListedVersion;
}

/** All versions from `bound` on, keys ascending in UTF-8 byte order, each key's newest first; `undefined` as in `Scan`. */
export type VersionScan = (bound: VersionBound) => Iterable<ScannedVersion | undefined>;

interface Grouping {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly limit: number;
}

/** After each `yield` it may go on later, when `scan` still reads what there was. */
export function* listPage(scan: Scan, { after, ...request }: Omit<ListObjects, 'bucket'>): Generator<void, ListPage> {
  const bound = firstBound(request, after);
  const { items, commonPrefixes, last } = yield* collect({ scan, bound, itemOf: (object) => object }, request);
  if (last === undefined) return { objects: items, commonPrefixes };
  return { objects: items, commonPrefixes, next: typeof last === 'string' ? last : last.key };
}

/** As `listPage`. `below`: the stamp of the version to go on after, where the request names one. */
export function* versionPage(
  scan: VersionScan,
  { after, ...request }: Omit<ListVersions, 'bucket'>,
  below: number | undefined,
): Generator<void, VersionPage> {
  const first = firstBound(request, after?.key);
  const within = below !== undefined && first.edge === 'after';
  const bound: VersionBound = within ? { key: first.key, edge: 'at', below } : first;
  const itemOf = (item: ScannedVersion) => item.version();
  const { items: versions, commonPrefixes, last } = yield* collect({ scan, bound, itemOf }, request);
  const page = { versions, commonPrefixes };
  if (last === undefined) return page;
  return {
    ...page,
    next: typeof last === 'string' ? { key: last } : { key: last.key, version: stampText(last.stamp) },
  };
}

/** A pause that nobody needs costs more than to pass one entry, but the entry of an object of many parts is large. */
const PASSED_BEFORE_PAUSE = 16;

interface Source<T, Item> {
  readonly scan: (bound: VersionBound) => Iterable<T | undefined>;
  readonly bound: VersionBound;
  /** What the page has of it. */
  readonly itemOf: (found: T) => Item;
}

interface Collected<T, Item> {
  readonly items: readonly Item[];
  readonly commonPrefixes: readonly string[];
  readonly last?: T | string | undefined;
}

/**
 * One page, and its last item or common prefix when there is more. A common prefix
 * costs one seek, however many keys are below it: the scan goes on at its successor.
 */
function* collect<T extends { readonly key: string }, Item>(
  source: Source<T, Item>,
  { prefix = '', delimiter, limit }: Grouping,
): Generator<void, Collected<T, Item>> {
  const { scan, itemOf } = source;
  let passed = 0;
  const items: Item[] = [];
  const commonPrefixes: string[] = [];
  let bound: VersionBound | undefined = limit > 0 ? source.bound : undefined;
  let last: T | string | undefined;
  while (bound) {
    const from: VersionBound = bound;
    bound = undefined;
    for (const item of scan(from)) {
      if (++passed % PASSED_BEFORE_PAUSE === 0) yield;
      if (!item) continue;
      if (!item.key.startsWith(prefix)) break;
      if (items.length + commonPrefixes.length === limit) return { items, commonPrefixes, last };
      const group = commonPrefix(item.key, prefix, delimiter);
      last = group ?? item;
      if (group === undefined) {
        items.push(itemOf(item));
        continue;
      }
      commonPrefixes.push(group);
      bound = { key: group, edge: 'after-prefix' };
      break;
    }
  }
  return { items, commonPrefixes };
}

function firstBound({ prefix = '', delimiter }: Grouping, after: string | undefined): Bound {
  if (after === undefined || compareKeys(after, prefix) < 0) return { key: prefix, edge: 'at' };
  const group = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : undefined;
  return group === undefined ? { key: after, edge: 'after' } : { key: group, edge: 'after-prefix' };
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** UTF-8 byte order, which differs from the order of JavaScript strings above U+D7FF. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

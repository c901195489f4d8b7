import type { ListObjects, ListPage, ObjectInfo } from './object-store.ts';

/** Where a scan begins: at the key itself, after it, or after every key that begins with it. */
export interface Bound {
  readonly key: string;
  readonly edge: 'at' | 'after' | 'after-prefix';
}

/** Current objects from `bound` on, ascending in UTF-8 byte order. */
export type Scan = (bound: Bound) => Iterable<ObjectInfo>;

/**
 * One page. A common prefix costs one seek, however many keys are below it: the
 * scan goes on at its successor.
 */
export function listPage(scan: Scan, { prefix = '', delimiter, after, limit }: Omit<ListObjects, 'bucket'>): ListPage {
  const objects: ObjectInfo[] = [];
  const commonPrefixes: string[] = [];
  const groupOf = (key: string) => commonPrefix(key, prefix, delimiter);
  let bound: Bound | undefined = limit > 0 ? firstBound(prefix, after, groupOf) : undefined;
  let last: string | undefined;
  while (bound) {
    const from: Bound = bound;
    bound = undefined;
    for (const object of scan(from)) {
      if (!object.key.startsWith(prefix)) break;
      if (objects.length + commonPrefixes.length === limit) return { objects, commonPrefixes, next: last };
      const group = groupOf(object.key);
      last = group ?? object.key;
      if (group === undefined) {
        objects.push(object);
        continue;
      }
      commonPrefixes.push(group);
      bound = { key: group, edge: 'after-prefix' };
      break;
    }
  }
  return { objects, commonPrefixes };
}

function firstBound(prefix: string, after: string | undefined, groupOf: (key: string) => string | undefined): Bound {
  if (after === undefined || compareKeys(after, prefix) < 0) return { key: prefix, edge: 'at' };
  const group = after.startsWith(prefix) ? groupOf(after) : undefined;
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

import { decodeHead, encodeHead } from './head.ts';
import { rowKey } from './index-keys.ts';
import type { ObjectIndex } from './object-index.ts';

/** Rows of the small tables: JSON by id. */

export function setRow(index: ObjectIndex, table: number, id: string | number, row: unknown): void {
  index.set(rowKey(table, String(id)), row === undefined ? undefined : encodeHead(row));
}

export function getRow<Row>(index: ObjectIndex, table: number, id: string | number): Row | undefined {
  const value = index.get(rowKey(table, String(id)));
  return value && index.decode(value, decodeHead<Row>);
}

/** Rows in the index file, with their ids. */
export function* storedRows<Row>(index: ObjectIndex, table: number): Generator<readonly [string, Row]> {
  for (const { key, value } of index.entries(Buffer.of(table), Buffer.of(table + 1))) {
    yield [key.toString('utf8', 1), index.decode(value, decodeHead<Row>)];
  }
}

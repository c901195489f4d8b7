import { DatabaseSync } from 'node:sqlite';
import type { Delivery } from './delivery.ts';
import type { KeptDeliveries } from './delivery-queue.ts';

/** Whatever can still be read of a damaged queue, from both ends of each table: what is wrong in the middle ends a reading. */
export function salvageDeliveries(path: string): KeptDeliveries {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    const waiting = readable(database, 'delivery', 'webhook, bucket, key, stamp');
    const failed = readable(database, 'failed', 'webhook, stamp');
    return { waiting, failed };
  } catch {
    return { waiting: [], failed: [] };
  } finally {
    database?.close();
  }
}

function readable(database: DatabaseSync, table: 'delivery' | 'failed', order: string): readonly Delivery[] {
  const found = new Map<string, Delivery>();
  const backwards = order.replaceAll(/\w+/g, '$& DESC');
  for (const by of [order, backwards]) {
    try {
      for (const row of database.prepare(`SELECT * FROM ${table} ORDER BY ${by}`).iterate()) {
        const delivery = wholeDelivery(row);
        if (delivery) found.set(JSON.stringify([row.webhook, row.bucket, row.key, row.stamp]), delivery);
      }
    } catch {
      // as far as it can be read
    }
  }
  return [...found.values()];
}

/** A row says all of its columns twice. */
function wholeDelivery(row: Readonly<Record<string, unknown>>): Delivery | undefined {
  try {
    const delivery = JSON.parse(String(row.delivery)) as Delivery;
    const agrees = (['webhook', 'bucket', 'key', 'stamp'] as const).every(
      (column) => !(column in row) || row[column] === delivery[column],
    );
    return agrees ? delivery : undefined;
  } catch {
    return undefined;
  }
}

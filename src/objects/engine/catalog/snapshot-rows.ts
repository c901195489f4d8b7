import { snapshotErrors } from '../../store/errors/snapshot-errors.ts';
import type { Snapshot } from '../../store/snapshot.ts';
import { wallTime } from '../../store/stamp.ts';
import { stampText } from '../../store/version-id.ts';
import type { BucketState, SnapshotRow } from './bucket-table.ts';

export function snapshotInfo({ stamp, name, objects, bytes }: SnapshotRow): Snapshot {
  return { id: stampText(stamp), ...(name !== undefined && { name }), createdAt: wallTime(stamp), objects, bytes };
}

/** @throws HoldfastError `snapshot.not-found` */
export function findSnapshot({ bucket, snapshots }: BucketState, idOrName: string): SnapshotRow {
  const found = snapshots.find(({ stamp, name }) => name === idOrName || stampText(stamp) === idOrName);
  if (!found) throw snapshotErrors.notFound(bucket.name, idOrName);
  return found;
}

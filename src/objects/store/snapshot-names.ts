import { snapshotErrors } from './errors/snapshot-errors.ts';
import type { Snapshot } from './snapshot.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_SNAPSHOTS = 1000;

/**
 * The name must be new to the bucket, and there must be room for one more.
 * @throws HoldfastError `snapshot.name`, `snapshot.exists`, `snapshot.limit`
 */
export function checkNewSnapshot(bucket: string, snapshots: readonly Snapshot[], name: string | undefined): void {
  if (name !== undefined && !NAME.test(name)) throw snapshotErrors.invalidName(name);
  if (name !== undefined && findByName(snapshots, name)) throw snapshotErrors.exists(bucket, name);
  if (snapshots.length >= MAX_SNAPSHOTS) throw snapshotErrors.limit(bucket, MAX_SNAPSHOTS);
}

export function findByName(snapshots: readonly Snapshot[], idOrName: string): Snapshot | undefined {
  return snapshots.find(({ id, name }) => id === idOrName || name === idOrName);
}

import type { StorageRecord } from '../state/storage-store.ts';
import type { ControlContext } from './context.ts';

type Made = Pick<StorageRecord, 'kind' | 'id' | 'realName'>;

/** The driver has it: not of what was only begun, nor of what was purged when its end was cut off. */
export async function isMade({ drivers }: Pick<ControlContext, 'drivers'>, { kind, id, realName }: Made) {
  if (kind === 'bucket') return (await drivers.objects.listBuckets({})).some(({ name }) => name === realName);
  const storage = await (kind === 'volume' ? drivers.volumes : drivers.filesystems).list();
  return storage.some((one) => one.id === id);
}

import { nearest } from '../../core/nearest.ts';
import type { Platform, StorageView } from '../platform.ts';
import { apiErrors } from './errors.ts';

/**
 * The resource with this id or, where it is clear, this name; one that is destroyed only when no other has the name.
 * @throws HoldfastError `<kind>.not-found`, `<kind>.ambiguous`
 */
export async function findStorage(
  platform: Platform,
  { kind, id }: { readonly kind: StorageView['kind']; readonly id: string },
): Promise<StorageView> {
  const all = await platform.storage({ kind });
  const exact = all.find((one) => one.id === id);
  if (exact) return exact;
  const named = all.filter((one) => one.name === id);
  const kept = named.filter((one) => one.state !== 'destroyed');
  const [found, ...others] = kept.length > 0 ? kept : named;
  if (!found) throw apiErrors.storageUnknown(kind, id, nearest(id, new Set(all.map((one) => one.name))));
  if (others.length === 0) return found;
  throw apiErrors.storageAmbiguous(
    kind,
    id,
    [found, ...others].map((one) => one.id),
  );
}

import * as errors from '../errors.ts';
import type { StorageView } from '../platform.ts';
import type { State } from '../state/state.ts';
import type { StorageRecord } from '../state/storage-store.ts';

/**
 * By id, or by name where one alone has it; a bucket also by the name that S3
 * clients use. Destroyed ones come second, or first for `recover`.
 * @throws HoldfastError `<kind>.not-found`, `<kind>.ambiguous`
 */
export async function findStorage(
  { storage }: State,
  {
    kind,
    id,
    destroyed = false,
  }: { readonly kind: StorageView['kind']; readonly id: string; readonly destroyed?: boolean },
): Promise<StorageRecord> {
  const all = await storage.list({ kind });
  const exact = all.find((record) => record.id === id);
  if (exact) return exact;
  const named = all.filter((record) => record.name === id || record.realName === id);
  const preferred = named.filter((record) => (record.state === 'destroyed') === destroyed);
  const [found, ...others] = preferred.length > 0 ? preferred : named;
  if (!found) {
    const names = new Set(all.map((record) => record.name));
    throw errors.storageNotFound(kind, id, names);
  }
  if (others.length === 0) return found;
  const byRealName = [found, ...others].filter((record) => record.realName === id);
  if (byRealName.length === 1 && byRealName[0]) return byRealName[0];
  throw errors.storageAmbiguous(
    kind,
    id,
    [found, ...others].map((record) => record.id),
  );
}

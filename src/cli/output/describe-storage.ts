import type { StorageView } from '../../control/api/client.ts';
import { formatBytes } from '../../core/units.ts';
import { paintState } from './paint.ts';
import { fields, table } from './table.ts';
import { ago, until } from './time.ts';

/** Buckets, volumes or filesystems as a table; `kind` says that they are all of one. */
export function storageTable(storage: readonly StorageView[], kind?: StorageView['kind']): string {
  const several = kind === undefined;
  return table(
    ['NAME', 'ID', ...(several ? ['KIND'] : ['APP']), 'STATE', 'REGION', 'SIZE', 'USED', 'ATTACHED TO', 'CREATED'],
    storage.map((one) => [
      one.name,
      one.id,
      several ? one.kind : (one.app ?? '-'),
      stateOf(one),
      one.region ?? '-',
      size(one.sizeBytes),
      size(one.usedBytes),
      one.attachedTo ?? '-',
      ago(one.createdAt),
    ]),
    `No ${kind ?? 'storage'}s yet.`,
  );
}

export function describeStorage(one: StorageView): string {
  return fields([
    ['name', one.name],
    ['id', one.id],
    ['app', one.app ?? '-'],
    ['state', stateOf(one)],
    ['region', one.region ?? '-'],
    ['size', size(one.sizeBytes)],
    ['used', size(one.usedBytes)],
    ['attached to', one.attachedTo ?? '-'],
    ...(one.url === null ? [] : [['address', one.url] as const]),
    ['created', `${ago(one.createdAt)} (${new Date(one.createdAt).toISOString()})`],
  ]);
}

/** What a destruction has left behind. */
export function describeDestroyed(name: string, left: StorageView | null, recover: string): string {
  if (left?.purgeAt == null) return `${name} is destroyed for good.`;
  return `${name} is destroyed; it is purged ${until(left.purgeAt)}. Until then: ${recover}`;
}

function stateOf({ state, purgeAt }: StorageView): string {
  return paintState(state) + (purgeAt === null ? '' : ` (purged ${until(purgeAt)})`);
}

function size(bytes: number | null): string {
  return bytes === null ? '-' : formatBytes(bytes);
}

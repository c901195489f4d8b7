import type { ApiClient, StorageView } from '../../../control/api/client.ts';

export type StorageKind = StorageView['kind'];

/** The noun of each kind on the command line. */
export const NOUNS: Readonly<Record<StorageKind, string>> = {
  bucket: 'object-store',
  volume: 'volumes',
  filesystem: 'filesystems',
};

/** What the API offers for each kind alike. */
export function storageApi(api: ApiClient, kind: StorageKind) {
  return { bucket: api.buckets, volume: api.volumes, filesystem: api.filesystems }[kind];
}

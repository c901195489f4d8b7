import { join } from 'node:path';

/** Where the writer and its judge have what the master key seals. */
export function masterKeyPlaces(directory: string) {
  const objects = join(directory, 'objects');
  return {
    masterKey: { keyFile: join(directory, 'keys', 'master.key'), recordFile: join(directory, 'master-key.json') },
    objects,
    store: join(objects, 'store'),
    state: join(directory, 'state.db'),
  };
}
